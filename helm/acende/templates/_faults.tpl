{{/* What is missing or contradicts itself, one sentence a line. Nothing is rendered while there is one. */}}
{{- define "acende.faults" -}}
{{- include "acende.faults.database" . }}
{{- include "acende.faults.secrets" . }}
{{- include "acende.faults.files" . }}
{{- include "acende.faults.pods" . }}
{{- include "acende.faults.settings" . }}
{{- include "acende.faults.extras" . }}
{{- end }}

{{- define "acende.check" -}}
{{- with include "acende.faults" . | trim }}
{{- fail (printf "\n\n%s\n" .) }}
{{- end }}
{{- end }}

{{- define "acende.faults.database" -}}
{{- if .Values.sqlite.enabled }}
{{- if .Values.database.existingSecret }}
database.existingSecret and sqlite.enabled are both set: keep one of them.
{{- end }}
{{- if eq .Values.mode "roles" }}
sqlite.enabled cannot be split by role: SQLite takes one worker. Set mode=allInOne, or database.existingSecret for PostgreSQL.
{{- else if gt (int .Values.replicas) 1 }}
sqlite.enabled cannot have {{ .Values.replicas }} replicas: SQLite takes one worker. Set replicas=1, or database.existingSecret for PostgreSQL.
{{- end }}
{{- if .Values.autoscaling.enabled }}
sqlite.enabled cannot be scaled: SQLite takes one worker. Set autoscaling.enabled=false, or database.existingSecret for PostgreSQL.
{{- end }}
{{- else if not (or .Values.database.existingSecret .Values.secretsDir) }}
database.existingSecret is empty: name the Secret that holds the PostgreSQL URL under the key {{ .Values.database.key }}, or set sqlite.enabled=true for one worker.
{{- end }}
{{- end }}

{{- define "acende.faults.secrets" -}}
{{- if not (or .Values.digestKey.existingSecret .Values.secretsDir) }}
digestKey.existingSecret is empty: name the Secret that holds the key of password digests (16 characters or more) under the key {{ .Values.digestKey.key }}.
{{- end }}
{{- with .Values.kafka }}
{{- if not .servers }}
kafka.servers is empty: give the bootstrap servers, host:port separated by commas.
{{- end }}
{{- $sasl := hasPrefix "SASL" .securityProtocol }}
{{- if and $sasl (not (or .existingSecret $.Values.secretsDir)) }}
kafka.existingSecret is empty: {{ .securityProtocol }} needs the Secret that holds the SASL account under the keys {{ .usernameKey }} and {{ .passwordKey }}.
{{- end }}
{{- if and .existingSecret (not $sasl) }}
kafka.existingSecret is set, but kafka.securityProtocol={{ .securityProtocol }} sends no account: set SASL_SSL, or take the Secret away.
{{- end }}
{{- if and .tls.existingSecret (not (hasSuffix "SSL" .securityProtocol)) }}
kafka.tls.existingSecret is set, but kafka.securityProtocol={{ .securityProtocol }} uses no TLS: set SSL or SASL_SSL, or take the Secret away.
{{- end }}
{{- if ne (empty .tls.certKey) (empty .tls.keyKey) }}
kafka.tls.certKey and kafka.tls.keyKey go together: mutual TLS needs the certificate and its private key.
{{- end }}
{{- end }}
{{- end }}

{{- define "acende.faults.files" -}}
{{- range $file := list "inventory" "services" }}
{{- $other := printf "%sConfigMap" $file }}
{{- $given := or (index $.Values $file) $.Values.simulators.enabled }}
{{- if and (index $.Values $file) (index $.Values $other) }}
{{ $file }} and {{ $other }} are both set: keep one of them.
{{- else if not (or $given (index $.Values $other)) }}
{{ $file }} is empty: write {{ $file }}.yaml there, or name a ConfigMap that holds it in {{ $other }}.
{{- end }}
{{- end }}
{{- if and .Values.simulators.enabled .Values.inventoryConfigMap }}
inventoryConfigMap is set together with simulators.enabled: the simulators stand in for the OLTs of `inventory`, so that none is reached by mistake. Write it there.
{{- end }}
{{- include "acende.faults.credentials" . }}
{{- end }}

{{/* Variables that the inventory names and that nothing brings. */}}
{{- define "acende.faults.credentials" -}}
{{- if not (or .Values.oltCredentials.existingSecret .Values.extraEnvFrom .Values.inventoryConfigMap) }}
{{- $brought := list }}
{{- range .Values.extraEnv }}{{ $brought = append $brought .name }}{{ end }}
{{- $missing := list }}
{{- range $credentials := (include "acende.inventory" . | fromYaml).credentials }}
{{- range $reference := $credentials }}
{{- if and $reference.env (not (has $reference.env $brought)) }}{{ $missing = append $missing $reference.env }}{{ end }}
{{- end }}
{{- end }}
{{- with $missing | uniq | sortAlpha }}
oltCredentials.existingSecret is empty: the inventory reads credentials from {{ join ", " . }}. Name the Secret that has {{ eq (len .) 1 | ternary "this key" "these keys" }}.
{{- end }}
{{- end }}
{{- end }}

{{- define "acende.faults.pods" -}}
{{- $grace := include "acende.shutdownGrace" . | float64 }}
{{- with .Values.terminationGracePeriodSeconds }}
{{- if lt (float64 .) (addf $grace 10) }}
terminationGracePeriodSeconds={{ include "acende.text" . }} is too short: a worker that stops finishes the command in hand for up to ACENDE_SHUTDOWN_GRACE_S={{ $grace }} seconds. Set at least {{ addf $grace 10 }}, or leave it empty.
{{- end }}
{{- end }}
{{- $longest := include "acende.longestCommand" . | float64 }}
{{- if le $grace $longest }}
ACENDE_SHUTDOWN_GRACE_S={{ $grace }} does not exceed the longest command, {{ $longest }} seconds: a worker that stops would cut it off. Raise settings.ACENDE_SHUTDOWN_GRACE_S.
{{- end }}
{{- range $worker := include "acende.workers" . | fromYamlArray }}
{{- $fewest := int $worker.fewest }}
{{- if and $.Values.pdb.enabled (gt $fewest 1) (ge (int $.Values.pdb.maxUnavailable) $fewest) }}
pdb.maxUnavailable={{ $.Values.pdb.maxUnavailable }} lets all {{ $fewest }} pods of the Deployment {{ include "acende.fullname" $ }}{{ $worker.suffix }} go at once: set it below {{ $fewest }}.
{{- end }}
{{- end }}
{{- end }}

{{/* Saving takes up to 150 s; an inventory may allow a slow OLT more for a command. */}}
{{- define "acende.longestCommand" -}}
{{- $save := include "acende.setting" (dict "root" . "name" "ACENDE_SAVE_TIMEOUT_S" "otherwise" "150") | float64 -}}
{{- $longest := maxf $save (include "acende.setting" (dict "root" . "name" "ACENDE_COMMAND_TIMEOUT_S" "otherwise" "30") | float64) -}}
{{- range .Values.inventory.olts -}}{{ $longest = maxf $longest (.command_timeout_s | default 0) }}{{- end -}}
{{- $longest -}}
{{- end }}

{{/* Settings that are no `settings`, and what to do instead. */}}
{{- define "acende.reserved" -}}
ACENDE_ROLES: use mode
ACENDE_WORKER_NAME: a worker is called like its pod
ACENDE_INVENTORY_FILE: use inventory or inventoryConfigMap
ACENDE_SERVICES_FILE: use services or servicesConfigMap
ACENDE_HTTP_PORT: use service.port
ACENDE_KAFKA_SERVERS: use kafka.servers
ACENDE_KAFKA_SECURITY_PROTOCOL: use kafka.securityProtocol
ACENDE_KAFKA_SASL_MECHANISM: use kafka.saslMechanism
ACENDE_KAFKA_SASL_USERNAME: it is a secret, use kafka.existingSecret
ACENDE_KAFKA_SASL_PASSWORD: it is a secret, use kafka.existingSecret
ACENDE_KAFKA_TLS_CA_FILE: use kafka.tls.existingSecret and kafka.tls.caKey
ACENDE_KAFKA_TLS_CERT_FILE: use kafka.tls.existingSecret and kafka.tls.certKey
ACENDE_KAFKA_TLS_KEY_FILE: use kafka.tls.existingSecret and kafka.tls.keyKey
ACENDE_KAFKA_TLS_KEY_PASSWORD: it is a secret, use kafka.tls.existingSecret and kafka.tls.keyPasswordKey
ACENDE_KAFKA_TLS_CHECK_HOSTNAME: use kafka.tls.checkHostname
ACENDE_KAFKA_GROUP_INSTANCE: a new pod has a new name, and the old member would hold its partitions until the session time-out
ACENDE_DATABASE_URL: it is a secret, use database.existingSecret
ACENDE_DIGEST_KEY: it is a secret, use digestKey.existingSecret
{{- end }}

{{- define "acende.faults.settings" -}}
{{- range $name, $why := include "acende.reserved" . | fromYaml }}
{{- if hasKey $.Values.settings $name }}
settings.{{ $name }} is not for settings: {{ $why }}.
{{- end }}
{{- end }}
{{- end }}

{{- define "acende.faults.extras" -}}
{{- with .Values.autoscaling }}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
autoscaling.minReplicas={{ .minReplicas }} exceeds autoscaling.maxReplicas={{ .maxReplicas }}.
{{- end }}
{{- if and .enabled (eq .kind "keda") (not .keda.prometheusAddress) }}
autoscaling.keda.prometheusAddress is empty: KEDA asks this Prometheus for lag and due jobs.
{{- end }}
{{- end }}
{{- with .Values.networkPolicy }}
{{- if and .enabled (not .olts.cidrs) (not $.Values.simulators.enabled) }}
networkPolicy.olts.cidrs is empty: name the management networks of the OLTs, or no worker reaches one.
{{- end }}
{{- end }}
{{- with .Values.monitoring }}
{{- if and .serviceMonitor.enabled .podMonitor.enabled }}
monitoring.serviceMonitor and monitoring.podMonitor are both enabled: every pod would be scraped twice. Keep one of them.
{{- end }}
{{- if and .rules.enabled (not .runbooksUrl) }}
monitoring.runbooksUrl is empty: alerts link to their runbooks there. Serve docs/runbooks somewhere and give its URL.
{{- end }}
{{- end }}
{{- with .Values.topics }}
{{- if and .create .strimzi.enabled }}
topics.create and topics.strimzi.enabled are both set: keep one of them.
{{- end }}
{{- if and .strimzi.enabled (not .strimzi.cluster) }}
topics.strimzi.cluster is empty: name the Kafka cluster as Strimzi knows it.
{{- end }}
{{- end }}
{{- end }}
