{{/* Labels of the pods that the operator makes: operator/src/synthos_operator/specs/labels.py. */}}
{{- define "synthos.trainerPods" -}}
app.kubernetes.io/name: synthos
app.kubernetes.io/managed-by: synthos-operator
app.kubernetes.io/component: trainer
{{- end }}

{{/* Egress rule to the cluster's DNS. */}}
{{- define "synthos.dnsEgress" -}}
- to:
    {{- toYaml .peers | nindent 4 }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{/* Egress rule to addresses. An exception stands only where its range holds it, as the API demands of `except`. */}}
{{- define "synthos.cidrEgress" -}}
{{- if .cidrs }}
- to:
    {{- range $cidr := .cidrs }}
    - ipBlock:
        cidr: {{ $cidr }}
        {{- if and (eq $cidr "0.0.0.0/0") $.except }}
        except: {{ $.except | toJson }}
        {{- end }}
    {{- end }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}

{{/* Where trainer pods reach the storage: the configured addresses, and ports that default to the endpoint's. */}}
{{- define "synthos.storageEgress" -}}
{{- $url := urlParse .Values.s3.endpoint }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "http" | ternary "80" "443") }}
{{- $storage := .Values.networkPolicy.storage }}
{{- include "synthos.cidrEgress" (merge (dict "ports" ($storage.ports | default (list $port))) $storage) }}
{{- end }}
