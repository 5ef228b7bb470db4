{{/* Names and labels. */}}

{{- define "acende.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* At most 40 characters, so that every suffix fits into the 63 of a label. */}}
{{- define "acende.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What never changes, as selectors need it. Input: root, component (optional), name (optional). */}}
{{- define "acende.selector" -}}
app.kubernetes.io/name: {{ .name | default (include "acende.name" .root) }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Input: as acende.selector. */}}
{{- define "acende.labels" -}}
{{- include "acende.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: acende
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of a pod: without the chart's version, so that a chart that changes nothing of a pod rolls none. */}}
{{- define "acende.podLabels" -}}
{{- include "acende.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: acende
{{- range list .root.Values.commonLabels .root.Values.podLabels }}
{{- with . }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Names of pods that are no workers: the Service and its monitors must not find them. */}}
{{- define "acende.jobName" -}}{{ include "acende.name" . }}-job{{- end }}
{{- define "acende.simulatorsName" -}}{{ include "acende.name" . }}-simulators{{- end }}

{{- define "acende.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "acende.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "acende.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* A number or a text as it is written: a large number must not come out as 5.24288e+07. */}}
{{- define "acende.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{/* Annotations of a hook. Input: hook, weight. */}}
{{- define "acende.hook" -}}
helm.sh/hook: {{ .hook }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* The Deployments, as a list of: component, suffix, roles, replicas, resources, scaledBy (metrics), fewest (replicas). */}}
{{- define "acende.workers" -}}
{{- if eq .Values.mode "roles" }}
{{- $metrics := dict "ingest" (list "lag") "provision" (list "jobs") "publish" list }}
{{- range $role := list "ingest" "provision" "publish" }}
{{- $own := index $.Values.roles $role }}
{{- include "acende.worker" (dict "root" $ "component" $role "suffix" (printf "-%s" $role) "roles" (list $role) "own" $own "metrics" (index $metrics $role)) }}
{{- end }}
{{- else }}
{{- include "acende.worker" (dict "root" . "component" "worker" "suffix" "" "roles" (list "ingest" "provision" "publish") "own" .Values "metrics" (list "lag" "jobs")) }}
{{- end }}
{{- end }}

{{- define "acende.worker" -}}
{{- $scaling := .root.Values.autoscaling -}}
{{- $scaledBy := $scaling.enabled | ternary .metrics list }}
- component: {{ .component }}
  suffix: {{ .suffix | quote }}
  roles: {{ toJson .roles }}
  replicas: {{ .own.replicas }}
  fewest: {{ empty $scaledBy | ternary .own.replicas $scaling.minReplicas }}
  scaledBy: {{ toJson $scaledBy }}
  resources: {{ .own.resources | default .root.Values.resources | toJson }}
{{- end }}

{{/* A setting as the workers see it, where it has no value of its own in values.yaml. Input: root, name, otherwise. */}}
{{- define "acende.setting" -}}
{{- $given := index .root.Values.settings .name -}}
{{- if kindIs "invalid" $given -}}{{ .otherwise }}{{- else -}}{{ include "acende.text" $given }}{{- end -}}
{{- end }}

{{- define "acende.shutdownGrace" -}}
{{- include "acende.setting" (dict "root" . "name" "ACENDE_SHUTDOWN_GRACE_S" "otherwise" "200") -}}
{{- end }}

{{/* After the grace loops are cancelled and connections closed: seconds. */}}
{{- define "acende.terminationGrace" -}}
{{- $least := add (include "acende.shutdownGrace" . | float64 | ceil) 20 -}}
{{- .Values.terminationGracePeriodSeconds | default $least | int64 -}}
{{- end }}

{{/* inventory.yaml, as an object: the simulators stand in for every OLT where there are any. */}}
{{- define "acende.inventory" -}}
{{- $inventory := .Values.inventory -}}
{{- if .Values.simulators.enabled -}}
{{- $inventory = $inventory | default (.Files.Get "rehearsal/inventory.yaml" | fromYaml) -}}
{{- $olts := list -}}
{{- range $number, $olt := $inventory.olts -}}
{{- $address := printf "%s-simulators" (include "acende.fullname" $) -}}
{{- $stand := dict "address" $address "port" (add 2300 $number) "transport" "telnet" -}}
{{- $olts = append $olts (merge $stand (omit $olt "host_key" "ssh")) -}}
{{- end -}}
{{- $inventory = merge (dict "olts" $olts) (omit $inventory "olts") -}}
{{- end -}}
{{- toYaml $inventory -}}
{{- end }}

{{- define "acende.services" -}}
{{- if and .Values.simulators.enabled (not .Values.services) -}}
{{- .Files.Get "rehearsal/services.yaml" | fromYaml | toYaml -}}
{{- else -}}
{{- toYaml .Values.services -}}
{{- end -}}
{{- end }}

{{/* Port of a URL, else the scheme's. */}}
{{- define "acende.urlPort" -}}
{{- $url := urlParse . -}}
{{- if contains ":" $url.host -}}
{{- regexFind "[0-9]+$" $url.host -}}
{{- else -}}
{{- eq $url.scheme "https" | ternary 443 80 -}}
{{- end -}}
{{- end }}

{{/* The topics, as a list of: name, keep (hours), option. */}}
{{- define "acende.topics" -}}
{{- $names := dict "equipment" "erp.equipment" "install" "erp.install" "progress" "onu.provisioning.progress" "results" "onu.provisioning.results" "deadLetters" "onu.dead-letters" -}}
{{- range $key, $otherwise := $names }}
{{- $setting := printf "ACENDE_TOPIC_%s" (snakecase $key | upper) }}
- name: {{ include "acende.setting" (dict "root" $ "name" $setting "otherwise" $otherwise) | quote }}
  option: {{ kebabcase $key }}
  hours: {{ index $.Values.topics.retentionHours $key | int64 }}
{{- end }}
{{- end }}
