/** Carries {@link Message.notBefore}: Kafka has no place for it. */
export const notBeforeHeader = 'bus-not-before'
