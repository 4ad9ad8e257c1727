# The entry point of the handmade Kafka image: settings come from KAFKA_* variables, as in the official image.
set -euo pipefail

properties=/tmp/server.properties
compgen -e | while read -r name; do
  [[ $name == KAFKA_* && $name != KAFKA_HEAP_OPTS ]] || continue
  key=${name#KAFKA_}
  key=${key,,}
  key=${key//___/-}
  key=${key//__/ }
  key=${key//_/.}
  echo "${key// /_}=${!name}"
done >"$properties"

java=(/opt/java/bin/java -cp '/opt/kafka/libs/*' -Dorg.slf4j.simpleLogger.defaultLogLevel=warn)
"${java[@]}" kafka.tools.StorageTool format -t "${CLUSTER_ID:-YnVzLXRlc3QtYnJva2Vycw}" -c "$properties"
# shellcheck disable=SC2086 # several options in one variable
exec "${java[@]}" ${KAFKA_HEAP_OPTS:-} -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info kafka.Kafka "$properties"
