{{/* Name of the chart, as part of every object's name. */}}
{{- define "synthos.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Prefix of every object's name: the release's name, with the chart's unless it is in there already. */}}
{{- define "synthos.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := include "synthos.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels that never change for a component: (dict "root" $ "component" "operator"). */}}
{{- define "synthos.selectorLabels" -}}
app.kubernetes.io/name: {{ include "synthos.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* All labels of an object of a component: (dict "root" $ "component" "operator"), and "extra" of a pod. */}}
{{- define "synthos.labels" -}}
{{- $own := include "synthos.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/part-of" "synthos" }}
{{- $_ := set $own "app.kubernetes.io/version" .root.Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") }}
{{- toYaml (merge $own (.extra | default dict) .root.Values.commonLabels) }}
{{- end }}

{{/* repository@digest, else repository:tag, else repository:appVersion: (dict "root" $ "image" .Values.operator.image). */}}
{{- define "synthos.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Names of the ServiceAccounts: (dict "root" $ "component" "operator" "account" .Values.operator.serviceAccount). */}}
{{- define "synthos.serviceAccountName" -}}
{{- if .account.create -}}
{{ .account.name | default (printf "%s-%s" (include "synthos.fullname" .root) .component) }}
{{- else -}}
{{ required (printf "%s.serviceAccount.name is needed when %s.serviceAccount.create is false" .component .component) .account.name }}
{{- end -}}
{{- end }}

{{/* What PodSecurity "restricted" demands of a pod, and a user of our images' own. */}}
{{- define "synthos.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What PodSecurity "restricted" demands of a container, and a read-only root. */}}
{{- define "synthos.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Namespaces in which validations run, as a JSON list. */}}
{{- define "synthos.runNamespaces" -}}
{{ .Values.runNamespaces | default (list .Release.Namespace) | uniq | toJson }}
{{- end }}

{{/* Name of the Secret with the S3 credentials of the trainer pods; empty: none. */}}
{{- define "synthos.s3SecretName" -}}
{{- if .Values.s3.existingSecret -}}
{{ .Values.s3.existingSecret }}
{{- else if .Values.s3.accessKeyId -}}
{{ include "synthos.fullname" . }}-s3
{{- end -}}
{{- end }}

{{/* Name of the Lease that the operator's replicas share. */}}
{{- define "synthos.leaseName" -}}
{{ include "synthos.fullname" . }}-operator
{{- end }}

{{/* Namespace in which the facade creates ValidationRuns. */}}
{{- define "synthos.facadeNamespace" -}}
{{- $namespaces := include "synthos.runNamespaces" . | fromJsonArray -}}
{{- $chosen := .Values.facade.namespace | default (first $namespaces) -}}
{{- if and (eq .Values.scope "namespace") (not (has $chosen $namespaces)) -}}
{{- fail (printf "facade.namespace: the operator does not watch %q; add it to runNamespaces" $chosen) -}}
{{- end -}}
{{ $chosen }}
{{- end }}

{{/* imagePullSecrets of a pod of the chart. */}}
{{- define "synthos.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where a pod of the chart runs: (dict "root" $ "component" "operator" "values" .Values.operator). */}}
{{- define "synthos.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "synthos.selectorLabels" . | nindent 8 }}
{{- end }}
