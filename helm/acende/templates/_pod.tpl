{{/* What every pod of the release has in common: workers, Jobs, simulators. */}}

{{- define "acende.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.podSecurityContext }}
{{ toYaml . }}
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "acende.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Scheduling and pulling. */}}
{{- define "acende.podCommon" -}}
automountServiceAccountToken: false
# Kubernetes' own variables for a Service named acende-… would look like settings.
enableServiceLinks: false
securityContext:
  {{- include "acende.podSecurity" . | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "acende.container" -}}
image: {{ include "acende.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# The image's own folder is for its own user only.
workingDir: /tmp
securityContext:
  {{- include "acende.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* Environment. Input: root, roles (empty: a Job), needs (of: kafka, database, digest, files, olts). */}}
{{- define "acende.env" -}}
{{- $values := .root.Values -}}
{{- $plain := dict "ACENDE_LOG_FORMAT" "json" -}}
{{- range $name, $value := $values.settings -}}
{{- $_ := set $plain $name (include "acende.text" $value) -}}
{{- end -}}
{{- with $values.secretsDir }}{{ $_ := set $plain "ACENDE_SECRETS_DIR" . }}{{ end -}}
{{- with .roles }}{{ $_ := set $plain "ACENDE_ROLES" (join "," .) }}{{ end -}}
{{- if .roles }}{{ $_ := set $plain "ACENDE_HTTP_PORT" "8080" }}{{ end -}}
{{- if has "files" .needs -}}
{{- $_ := set $plain "ACENDE_INVENTORY_FILE" "/etc/acende/inventory/inventory.yaml" -}}
{{- $_ := set $plain "ACENDE_SERVICES_FILE" "/etc/acende/services/services.yaml" -}}
{{- end -}}
{{- if and (has "database" .needs) $values.sqlite.enabled -}}
{{- $_ := set $plain "ACENDE_DATABASE_URL" "sqlite:////var/lib/acende/acende.db" -}}
{{- end -}}
{{- if has "kafka" .needs -}}
{{- $plain = merge (include "acende.kafkaEnv" .root | fromYaml) $plain -}}
{{- end -}}
{{- if .roles }}
- name: ACENDE_WORKER_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- with $values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $values.tracing.sampleRatio | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := $plain }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- if has "database" .needs }}
{{- include "acende.secretEnv" (list "ACENDE_DATABASE_URL" $values.database.existingSecret $values.database.key) }}
{{- end }}
{{- if has "digest" .needs }}
{{- include "acende.secretEnv" (list "ACENDE_DIGEST_KEY" $values.digestKey.existingSecret $values.digestKey.key) }}
{{- end }}
{{- if has "kafka" .needs }}
{{- include "acende.secretEnv" (list "ACENDE_KAFKA_SASL_USERNAME" $values.kafka.existingSecret $values.kafka.usernameKey) }}
{{- include "acende.secretEnv" (list "ACENDE_KAFKA_SASL_PASSWORD" $values.kafka.existingSecret $values.kafka.passwordKey) }}
{{- include "acende.secretEnv" (list "ACENDE_KAFKA_TLS_KEY_PASSWORD" $values.kafka.tls.existingSecret $values.kafka.tls.keyPasswordKey) }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A variable from a Secret. Input: name, Secret, key; nothing where one of the latter is empty. */}}
{{- define "acende.secretEnv" -}}
{{- if and (index . 1) (index . 2) }}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 | quote }}
{{- end }}
{{- end }}

{{- define "acende.kafkaEnv" -}}
{{- with .Values.kafka -}}
ACENDE_KAFKA_SERVERS: {{ .servers | quote }}
ACENDE_KAFKA_SECURITY_PROTOCOL: {{ .securityProtocol | quote }}
{{- if hasPrefix "SASL" .securityProtocol }}
ACENDE_KAFKA_SASL_MECHANISM: {{ .saslMechanism | quote }}
{{- end }}
{{- if hasSuffix "SSL" .securityProtocol }}
ACENDE_KAFKA_TLS_CHECK_HOSTNAME: {{ .tls.checkHostname | quote }}
{{- if .tls.existingSecret }}
{{- range $name, $key := dict "CA" .tls.caKey "CERT" .tls.certKey "KEY" .tls.keyKey }}
{{- with $key }}
ACENDE_KAFKA_TLS_{{ $name }}_FILE: /etc/acende/kafka-tls/{{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Input: root, needs. */}}
{{- define "acende.envFrom" -}}
{{- $values := .root.Values -}}
{{- $sources := list -}}
{{- if and (has "olts" .needs) $values.oltCredentials.existingSecret -}}
{{- $sources = append $sources (dict "secretRef" (dict "name" $values.oltCredentials.existingSecret)) -}}
{{- end -}}
{{- with concat $sources $values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Input: root, needs; database: SQLite's volume too. */}}
{{- define "acende.mounts" -}}
{{- $values := .root.Values -}}
- name: tmp
  mountPath: /tmp
{{- if has "files" .needs }}
- name: inventory
  mountPath: /etc/acende/inventory
  readOnly: true
- name: services
  mountPath: /etc/acende/services
  readOnly: true
{{- end }}
{{- if and (has "kafka" .needs) $values.kafka.tls.existingSecret }}
- name: kafka-tls
  mountPath: /etc/acende/kafka-tls
  readOnly: true
{{- end }}
{{- if and (has "database" .needs) $values.sqlite.enabled }}
- name: state
  mountPath: /var/lib/acende
{{- end }}
{{- with $values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Input: root, needs, files (prefix of the chart's ConfigMaps). */}}
{{- define "acende.volumes" -}}
{{- $values := .root.Values -}}
{{- $files := .files | default (include "acende.fullname" .root) -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if has "files" .needs }}
- name: inventory
  configMap:
    name: {{ $values.inventoryConfigMap | default (printf "%s-inventory" $files) }}
- name: services
  configMap:
    name: {{ $values.servicesConfigMap | default (printf "%s-services" $files) }}
{{- end }}
{{- if and (has "kafka" .needs) $values.kafka.tls.existingSecret }}
- name: kafka-tls
  secret:
    secretName: {{ $values.kafka.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if and (has "database" .needs) $values.sqlite.enabled }}
- name: state
  persistentVolumeClaim:
    claimName: {{ $values.sqlite.existingClaim | default (printf "%s-state" (include "acende.fullname" .root)) }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A Job. Input: root, component, annotations, serviceAccount, needs, arguments, files. */}}
{{- define "acende.job" -}}
{{- $labels := dict "root" .root "name" (include "acende.jobName" .root) "component" .component -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "acende.fullname" .root }}-{{ .component }}
  labels:
    {{- include "acende.labels" $labels | nindent 4 }}
  annotations:
    {{- .annotations | nindent 4 }}
spec:
  backoffLimit: {{ .root.Values.jobs.backoffLimit }}
  activeDeadlineSeconds: {{ .root.Values.jobs.activeDeadlineSeconds }}
  ttlSecondsAfterFinished: {{ .root.Values.jobs.ttlSecondsAfterFinished }}
  podFailurePolicy:
    rules:
      # A node that is drained is nobody's fault.
      - action: Ignore
        onPodConditions:
          - {type: DisruptionTarget, status: "True"}
      # Not done, wrong usage, wrong configuration: the next try would end alike.
      - action: FailJob
        onExitCodes:
          containerName: {{ .component }}
          operator: In
          values: [1, 2, 4]
  template:
    metadata:
      labels:
        {{- include "acende.podLabels" $labels | nindent 8 }}
      {{- with .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ .serviceAccount }}
      {{- include "acende.podCommon" .root | nindent 6 }}
      containers:
        - name: {{ .component }}
          {{- include "acende.container" .root | nindent 10 }}
          command: [acende]
          args:
            {{- toYaml .arguments | nindent 12 }}
          env:
            {{- include "acende.env" . | trim | nindent 12 }}
          {{- include "acende.envFrom" . | nindent 10 }}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 512Mi}
          volumeMounts:
            {{- include "acende.mounts" . | nindent 12 }}
      volumes:
        {{- include "acende.volumes" . | nindent 8 }}
{{- end }}
