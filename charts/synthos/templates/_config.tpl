{{/* Quantities as text, which numbers like `cpu: 4` are not: a map of maps. */}}
{{- define "synthos.quantities" -}}
{{- range $kind, $amounts := . }}
{{ $kind }}:
  {{- range $name, $amount := $amounts }}
  {{ $name }}: {{ $amount | toString | quote }}
  {{- else }} {}
  {{- end }}
{{- else }} {}
{{- end }}
{{- end }}

{{/* One node pool. */}}
{{- define "synthos.pool" -}}
nodeSelector: {{ .nodeSelector | toJson }}
tolerations: {{ .tolerations | toJson }}
affinity: {{ .affinity | toJson }}
{{- with .runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{/* S3 settings as the variables every AWS tool reads, then what the user adds. */}}
{{- define "synthos.trainerEnv" -}}
{{- $env := list }}
{{- with .Values.s3.endpoint }}
{{- $env = append $env (dict "name" "AWS_ENDPOINT_URL_S3" "value" .) }}
{{- end }}
{{- with .Values.s3.region }}
{{- $env = append $env (dict "name" "AWS_REGION" "value" .) }}
{{- end }}
{{- concat $env .Values.trainer.extraEnv | default list | toJson }}
{{- end }}

{{/* The operator's configuration file: OperatorConfig in operator/src/synthos_operator/config.py. */}}
{{- define "synthos.operatorConfig" -}}
{{- $trainer := .Values.trainer -}}
artifactsUri: {{ .Values.s3.artifactsURI | quote }}
workers: {{ .Values.operator.workers }}
retry: {{ .Values.operator.retry | toJson }}
timing: {{ .Values.operator.timing | toJson }}
lease: {{ merge (dict "name" (include "synthos.leaseName" .)) .Values.operator.lease | toJson }}
trainer:
  image: {{ include "synthos.image" (dict "root" . "image" $trainer.image) | quote }}
  imagePullPolicy: {{ $trainer.image.pullPolicy }}
  imagePullSecrets:
    {{- range .Values.imagePullSecrets }}
    - {{ .name | quote }}
    {{- else }} []
    {{- end }}
  command: {{ $trainer.command | toJson }}
  args: {{ $trainer.args | toJson }}
  serviceAccountName: {{ include "synthos.serviceAccountName" (dict "root" . "component" "trainer" "account" $trainer.serviceAccount) | quote }}
  runAsUser: {{ $trainer.runAsUser | int64 }}
  env: {{ include "synthos.trainerEnv" . }}
  envFromSecrets:
    {{- with include "synthos.s3SecretName" . }}
    - {{ . | quote }}
    {{- else }} []
    {{- end }}
  volumes: {{ $trainer.extraVolumes | toJson }}
  volumeMounts: {{ $trainer.extraVolumeMounts | toJson }}
  annotations: {{ $trainer.podAnnotations | toJson }}
  labels: {{ $trainer.podLabels | toJson }}
  resources:
    {{- range $phase := list "profile" "cascade" "verdict" }}
    {{ $phase }}:
      {{- include "synthos.quantities" (get $trainer.resources $phase) | nindent 6 }}
    {{- end }}
  cpuPool:
    {{- include "synthos.pool" $trainer.cpuPool | nindent 4 }}
  gpuPool:
    {{- include "synthos.pool" $trainer.gpuPool | nindent 4 }}
  gpuResource: {{ $trainer.gpuResource | quote }}
  verdictGpus: {{ $trainer.verdictGpus }}
  shmSize: {{ $trainer.shmSize | toString | quote }}
  tmpSize: {{ $trainer.tmpSize | toString | quote }}
  terminationGracePeriodSeconds: {{ $trainer.terminationGracePeriodSeconds | int64 }}
{{- end }}
