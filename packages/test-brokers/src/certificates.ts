import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NotPossibleError } from './search.ts'

const run = promisify(execFile)

/** In PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/**
 * An authority (`ca.pem`), and what it signed: `server` for this machine and `client`, each as `.key`, `.pem` and, both
 * in one, `.store`.
 */
export async function makeCertificates(directory: string): Promise<void> {
  const openssl = (...args: string[]): Promise<unknown> =>
    run('openssl', args, { cwd: directory }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new NotPossibleError('no openssl on the PATH to make certificates with') : error
    })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await openssl('req', '-x509', ...key, '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem')
  await writeFile(join(directory, 'server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  await writeFile(join(directory, 'client.ext'), 'extendedKeyUsage=clientAuth\n')
  for (const name of ['server', 'client']) {
    const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
    await openssl('req', ...key, '-subj', `/CN=${name}`, ...request)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    await openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-extfile', `${name}.ext`, '-out', `${name}.pem`)
    const parts = await Promise.all(['key', 'pem'].map((ending) => readFile(join(directory, `${name}.${ending}`))))
    await writeFile(join(directory, `${name}.store`), Buffer.concat(parts))
  }
}
