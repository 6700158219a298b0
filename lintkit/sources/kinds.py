"""Which kinds make pods, as far as a kind's name tells."""

from __future__ import annotations

import re
from typing import Final

from lintkit.text.regex import regex

_PODLESS: Final = """
    Application ApplicationSet AppProject Namespace ConfigMap Secret Service ServiceAccount Role RoleBinding ClusterRole
    ClusterRoleBinding PersistentVolumeClaim PersistentVolume StorageClass Ingress IngressClass NetworkPolicy
    PodDisruptionBudget HorizontalPodAutoscaler LimitRange ResourceQuota PriorityClass CustomResourceDefinition Gateway
    HTTPRoute TCPRoute TLSRoute GRPCRoute BackendTLSPolicy ReferenceGrant Certificate Issuer ClusterIssuer ServiceMonitor
    PodMonitor PrometheusRule ExternalSecret SecretStore ClusterSecretStore SealedSecret Kustomization HelmRelease
    HelmRepository GitRepository OCIRepository Node Endpoints EndpointSlice User Grant Database Queue Exchange Binding Policy
    Vhost Permission VolumeSnapshotClass CephBlockPool CephClient Backup Restore Connection SqlJob IPAddressPool L2Advertisement
    ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
    APIService List
"""
PODLESS: Final = frozenset(_PODLESS.split())
"""Kinds without pods of their own; any other kind may make pods."""

_KIND: Final = regex(r"^kind:[ \t]*[\"']?([^\s\"'#]*)", re.MULTILINE)


def may_make_pods(text: str) -> bool:
    """Whether a document in ``text``, a template perhaps, is of a kind that may make pods, or of one that a template makes."""
    return "kind:" in text and any(kind not in PODLESS for kind in _KIND.findall(text))
