"""deploy/kubernetes: valid against the schema, and the same processes as those of docker-compose.yml."""

import copy
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.urls import resolve

from bench.stack import ROOT
from portal.environment import VARIABLES

VERSION = "1.33"
FOLDER = ROOT / "deploy/kubernetes"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCUMENTS = [
    (path.name, row)
    for path in sorted(FOLDER.glob("*.yaml"))
    for row in yaml.safe_load_all(path.read_text())
]
SERVED = ("web", "worker", "heavy-worker", "beat")
Pod = dict[str, Any]


def of_kind(kind: str) -> dict[str, dict]:
    return {row["metadata"]["name"]: row for _, row in DOCUMENTS if row["kind"] == kind}


def pods() -> dict[str, Pod]:
    """Return the pods by what they do."""
    made = [*of_kind("Deployment").values(), *of_kind("Job").values()]
    templates = [row["spec"]["template"] for row in made]
    return {row["metadata"]["labels"]["app.kubernetes.io/component"]: row for row in templates}


def containers(pod: Pod) -> Iterator[dict]:
    yield from pod["spec"].get("initContainers", [])
    yield from pod["spec"]["containers"]


def main(name: str) -> dict:
    (found,) = pods()[name]["spec"]["containers"]
    return found


def environment(name: str) -> dict[str, str]:
    given = of_kind("ConfigMap")["portal-environment"]["data"]
    return given | {row["name"]: row["value"] for row in main(name).get("env", [])}


# --- The schema ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "document"), DOCUMENTS, ids=[f"{n}-{d['kind']}" for n, d in DOCUMENTS]
)
def test_is_valid(file: str, document: dict) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)
    if document["kind"] != "Namespace":
        assert document["metadata"]["namespace"] == "portal"


def test_a_misspelt_word_is_refused() -> None:
    wrong = copy.deepcopy(of_kind("Deployment")["portal-web"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


# --- The processes of the compose file -----------------------------------------------------------


def test_runs_what_the_compose_file_runs() -> None:
    assert set(pods()) == {*SERVED, "migrate", "nginx"}
    for name in SERVED:
        assert main(name)["command"] == COMPOSE[name]["command"]
    # There migrate also collects the static files, on a volume that pods do not share.
    (*_, line) = COMPOSE["migrate"]["command"]
    collects = pods()["web"]["spec"]["initContainers"][0]["command"]
    assert line == f"{' '.join(main('migrate')['command'])} && {' '.join(collects)}"


@pytest.mark.parametrize("name", [*SERVED, "migrate"])
def test_has_the_variables_of_the_compose_file(name: str) -> None:
    here, there = environment(name), COMPOSE[name]["environment"]
    assert set(here) == set(there)
    known = {row.name for row in VARIABLES} | {"PORT"}
    known |= {f"{variable}_FILE" for variable in known}
    assert set(here) <= known
    fixed = {key: value for key, value in there.items() if "${" not in value}
    addresses = {"DATABASE_URL", "CELERY_BROKER_URL"}
    assert {k: here[k] for k in fixed if k not in addresses} == {
        k: v for k, v in fixed.items() if k not in addresses
    }


@pytest.mark.parametrize("name", [*SERVED, "migrate"])
def test_reads_the_secrets_of_the_compose_file_as_files(name: str) -> None:
    volumes = {row["name"]: row for row in pods()[name]["spec"]["volumes"]}
    items = [row["key"] for row in volumes["secrets"]["secret"]["items"]]
    assert items == COMPOSE[name]["secrets"]
    (mount,) = (row for row in main(name)["volumeMounts"] if row["name"] == "secrets")
    assert (mount["mountPath"], mount["readOnly"]) == ("/run/secrets", True)
    text = (FOLDER / "environment.yaml").read_text()
    assert "password:" not in text.lower()
    assert of_kind("Secret") == {}


def test_only_migrate_is_the_owner() -> None:
    assert "owner" in environment("migrate")["DATABASE_URL"]
    for name in SERVED:
        assert "owner" not in environment(name)["DATABASE_URL"]


def test_probes_ask_what_there_is() -> None:
    config = of_kind("ConfigMap")["portal-environment"]["data"]
    web = main("web")
    asked = {}
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        get = web[kind]["httpGet"]
        asked[kind] = resolve(get["path"]).view_name
        (host,) = (row["value"] for row in get["httpHeaders"] if row["name"] == "Host")
        assert host in config["PORTAL_HOSTS"].split(",")
        assert get["port"] == "http"
    # Ready is said once: while the database is away the web gives tickets.
    assert asked == {"startupProbe": "ready", "readinessProbe": "health", "livenessProbe": "health"}
    for name in ("worker", "heavy-worker", "beat"):
        kind, check = COMPOSE[name]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        command = main(name)["livenessProbe"]["exec"]["command"]
        assert command == ["sh", "-c", check.replace("$$", "$")]


@pytest.mark.parametrize("name", SERVED)
def test_has_as_long_to_stop(name: str) -> None:
    spec = pods()[name]["spec"]
    slept = main(name).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    given = int(COMPOSE[name].get("stop_grace_period", "30s").removesuffix("s"))
    assert spec["terminationGracePeriodSeconds"] == given + slept


def test_nginx_is_that_of_the_compose_file() -> None:
    here = {row["name"]: row["value"] for row in main("nginx")["env"]}
    there = COMPOSE["nginx"]["environment"]
    assert set(here) == set(there)
    assert here["PORTAL_ORIGIN"] == environment("web")["PORTAL_ORIGIN"]
    service = of_kind("Service")["portal-web"]
    place = f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert here["PORTAL_WEB_SERVERS"] == f"server {place} max_fails=0;"
    assert f"{{NGINX_IMAGE:-{main('nginx')['image']}}}" in COMPOSE["nginx"]["image"]
    mounted = {row["mountPath"] for row in main("nginx")["volumeMounts"]}
    assert mounted >= {here["PORTAL_TLS"], here["PORTAL_PAGES"], "/etc/nginx/templates", "/tmp"}


# --- What a cluster asks for ---------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SERVED, "migrate", "nginx"])
def test_has_no_rights_and_stated_needs(name: str) -> None:
    pod = pods()[name]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for each in containers(pods()[name]):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(each["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in each["resources"]["limits"]
        assert "/tmp" in {row["mountPath"] for row in each["volumeMounts"]}
    user = (ROOT / "Dockerfile").read_text()
    if name != "nginx":
        assert f"--uid {pod['securityContext']['runAsUser']} " in user


def test_one_release_in_all_pods() -> None:
    images = {row["image"] for name in (*SERVED, "migrate") for row in containers(pods()[name])}
    assert len(images) == 1
    assert images.pop().startswith("smart-manufacturing-portal:")


def test_selectors_find_their_pods() -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods().items()}
    for row in of_kind("Deployment").values():
        assert row["spec"]["selector"]["matchLabels"] in labels.values()
    for row in of_kind("Service").values():
        (name,) = (key for key, has in labels.items() if has == row["spec"]["selector"])
        ports = {port["name"] for port in main(name)["ports"]}
        assert {port["targetPort"] for port in row["spec"]["ports"]} <= ports
    guarded = [
        row["spec"]["selector"]["matchLabels"] for row in of_kind("PodDisruptionBudget").values()
    ]
    assert [name for name in labels if labels[name] in guarded] == [
        "heavy-worker",
        "nginx",
        "web",
        "worker",
    ]


def test_beat_runs_once_and_web_grows_by_processors_and_latency() -> None:
    deployments = of_kind("Deployment")
    beat = deployments["portal-beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
    (scaler,) = of_kind("HorizontalPodAutoscaler").values()
    assert scaler["spec"]["scaleTargetRef"]["name"] == "portal-web"
    assert (
        "replicas" not in deployments["portal-web"]["spec"]
    )  # or each apply would undo the scaler
    assert scaler["spec"]["minReplicas"] >= 2
    by = {row["type"]: row for row in scaler["spec"]["metrics"]}
    assert by["Resource"]["resource"]["name"] == "cpu"
    name = by["External"]["external"]["metric"]["name"]
    assert f"#   {name}: histogram_quantile(" in (FOLDER / "web.yaml").read_text()


def lets_in(policy: dict, pod: dict[str, str]) -> bool:
    """Tell whether a policy is about pods with these labels."""
    selector = policy["spec"]["podSelector"]
    if any(pod.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(pod.get(row["key"]) in row["values"] for row in selector.get("matchExpressions", []))


def reached(name: str) -> dict[int, list]:
    """Return the ports of a pod that somebody may reach, each with who."""
    pod = pods()[name]["metadata"]["labels"]
    return {
        port["port"]: rule.get("from", ["anybody"])
        for policy in of_kind("NetworkPolicy").values()
        if lets_in(policy, pod) and "Ingress" in policy["spec"]["policyTypes"]
        for rule in policy["spec"].get("ingress", [])
        for port in rule["ports"]
    }


def test_nothing_is_reached_that_need_not_be() -> None:
    closed = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    nginx = [{"podSelector": {"matchLabels": pods()["nginx"]["metadata"]["labels"]}}]
    prometheus = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]
    port = int(environment("web")["PORTAL_METRICS_PORT"])
    assert reached("web") == {8000: nginx, port: prometheus}
    for name in ("worker", "heavy-worker", "beat"):
        assert reached(name) == {port: prometheus}
    assert reached("migrate") == {}
    assert reached("nginx") == {8080: ["anybody"], 8443: ["anybody"]}


def test_prometheus_asks_the_port_and_the_names_of_the_alerts() -> None:
    conf = yaml.safe_load((ROOT / "deploy/monitoring/prometheus-kubernetes.yml").read_text())
    (asked,) = conf["scrape_configs"]
    keep, name = asked["relabel_configs"]
    assert asked["kubernetes_sd_configs"][0]["namespaces"]["names"] == ["portal"]
    for service in SERVED:
        ports = {row["name"]: row["containerPort"] for row in main(service)["ports"]}
        assert ports[keep["regex"]] == int(environment(service)["PORTAL_METRICS_PORT"])
    assert name["replacement"] == "portal-$1"
    there = yaml.safe_load((ROOT / "deploy/monitoring/prometheus.yml").read_text())
    jobs = {row["job_name"] for row in there["scrape_configs"]}
    assert jobs == {f"portal-{service}" for service in SERVED}
