{{/* Egress rules. Each is one rule of a list. */}}

{{- define "acende.egress.dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{/* A rule: input to (peers, or empty), ports. */}}
{{- define "acende.egress" -}}
- ports:
    {{- range .ports }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "acende.egress.kafka" -}}
{{- $ports := list }}
{{- range splitList "," .Values.kafka.servers }}
{{- $ports = append $ports (regexFind ":[0-9]+$" (trim .) | trimPrefix ":" | default "9092" | int) }}
{{- end }}
{{- range .Values.networkPolicy.kafka.extraPorts }}{{ $ports = append $ports (int .) }}{{ end }}
{{- include "acende.egress" (dict "to" .Values.networkPolicy.kafka.to "ports" ($ports | uniq)) }}
{{- end }}

{{- define "acende.egress.database" -}}
{{- with .Values.networkPolicy.postgresql }}
{{- include "acende.egress" (dict "to" .to "ports" (list .port)) }}
{{- end }}
{{- end }}

{{- define "acende.egress.tracing" -}}
{{- include "acende.egress" (dict "to" .Values.networkPolicy.tracing.to "ports" (list (include "acende.urlPort" .Values.tracing.endpoint))) }}
{{- end }}

{{/* The ports of the inventory, where the chart knows it. */}}
{{- define "acende.oltPorts" -}}
{{- $ports := list }}
{{- if .Values.networkPolicy.olts.ports }}
{{- range .Values.networkPolicy.olts.ports }}{{ $ports = append $ports (int .) }}{{ end }}
{{- else if .Values.inventoryConfigMap }}
{{- $ports = list 22 23 }}
{{- else }}
{{- range (include "acende.inventory" . | fromYaml).olts }}
{{- $ports = append $ports (.port | default (eq (.transport | default "ssh") "ssh" | ternary 22 23) | int) }}
{{- end }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{- define "acende.egress.olts" -}}
{{- $to := list }}
{{- if .Values.simulators.enabled }}
{{- $labels := include "acende.selector" (dict "root" . "name" (include "acende.simulatorsName" .)) | fromYaml }}
{{- $to = append $to (dict "podSelector" (dict "matchLabels" $labels)) }}
{{- else }}
{{- range .Values.networkPolicy.olts.cidrs }}{{ $to = append $to (dict "ipBlock" (dict "cidr" .)) }}{{ end }}
{{- end }}
{{- include "acende.egress" (dict "to" $to "ports" (include "acende.oltPorts" . | fromJsonArray)) }}
{{- end }}
