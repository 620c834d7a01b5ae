"""The recipes of deploy/ci: their shell lines are taken from the files and run, with the environment a pipeline gives them."""
import base64
import hashlib
import json
import os
import re
import shutil
import string
import subprocess
import tarfile

import pytest
import yaml

import images
from conftest import ROOT, free_port
from scan_test import database, dist_info, feed, osv  # noqa: F401 (database is a fixture)

CI = ROOT / "deploy" / "ci"
REPORTS = {"boltseal.txt", "boltseal.sarif", "boltseal.html", "boltseal.cdx.json"}
SHELLS = ["sh", "bash", "dash"]


def image(version):
    return images.Image([[("etc/os-release", images.OS_RELEASE), ("var/lib/dpkg/status", images.dpkg_status("bash=5.2.15-2+b7")),
                          dist_info("Django", version)]])


class Job:
    """A pipeline's job: a workspace that has the project's files, and an environment with no trace of this machine's user."""

    def __init__(self, folder, program, database):
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        (self.workspace / "deploy").mkdir()
        shutil.copytree(CI, self.workspace / "deploy" / "ci")
        for name, version in (("bad", "3.2.0"), ("good", "4.2.0")):
            images.write_layout(image(version), self.workspace / name)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "BOLTSEAL": program,
                            "BOLTSEAL_DB": database, "BOLTSEAL_DB_UPDATE": "no"}

    def run(self, script, shell=("sh", "-e", "-c"), **environment):
        merged = {name: value for name, value in (self.environment | environment).items() if value is not None}
        return subprocess.run([*shell, script], cwd=self.workspace, env=merged, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def scan(self, *arguments, **environment):
        return self.run(" ".join(["sh deploy/ci/scan.sh", *arguments]), **environment)

    def reports(self, folder="boltseal-reports"):
        return {path.name: path.read_text() for path in (self.workspace / folder).iterdir()}


@pytest.fixture
def job(tmp_path, program, database):  # noqa: F811
    return Job(tmp_path, program, database)


def check_reports(found, flaw="CVE-2026-1000"):
    """All four reports of the bad image, and that they agree."""
    assert set(found) == REPORTS
    sarif = json.loads(found["boltseal.sarif"])
    assert sarif["version"] == "2.1.0" and flaw in {result["ruleId"] for result in sarif["runs"][0]["results"]}
    assert flaw in {row["id"] for row in json.loads(found["boltseal.cdx.json"])["vulnerabilities"]}
    assert flaw in found["boltseal.txt"] and flaw in found["boltseal.html"]


# scan.sh

@pytest.mark.parametrize("shell", SHELLS)
def test_script_parses_in_every_shell(shell):
    if shell != "sh" and not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    subprocess.run([shell, "-n", CI / "scan.sh"], check=True)


def test_findings_over_the_limit_are_exit_code_1_with_all_reports(job):
    done = job.scan("oci:bad")
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())
    assert "CVE-2026-1000" in done.stdout and "findings over the limit high+fixable,kev" in done.stderr


def test_nothing_over_the_limit_is_exit_code_0(job):
    done = job.scan("oci:good")
    assert done.returncode == 0, done.stderr
    assert set(job.reports()) == REPORTS and "nothing over the limit" in done.stderr


def test_limit_comes_from_the_environment(job):
    assert job.scan("oci:bad", BOLTSEAL_FAIL_ON="none").returncode == 0
    assert job.scan("oci:bad", BOLTSEAL_FAIL_ON="kev").returncode == 0
    assert job.scan("oci:bad", BOLTSEAL_FAIL_ON="any").returncode == 1


def test_image_that_cannot_be_read_is_exit_code_2_and_leaves_no_older_report(job):
    assert job.scan("oci:bad").returncode == 1
    done = job.scan("oci:missing")
    assert done.returncode == 2 and "not known to be clean" in done.stderr
    assert job.reports() == {}


@pytest.mark.parametrize("arguments, environment", [
    ([], {}), (["--", "--help"], {}), (["oci:good"], {"BOLTSEAL_FAIL_ON": "sometimes"}), (["oci:good"], {"BOLTSEAL_DB_UPDATE": "maybe"}),
    (["oci:good"], {"BOLTSEAL_REGISTRY_USER": "a", "BOLTSEAL_REGISTRY_PASSWORD": "b", "BOLTSEAL_REGISTRY": 'x":{}'}),
    (["oci:good"], {"BOLTSEAL": None, "BOLTSEAL_URL": "file:///nothing"})])
def test_wrong_usage_is_exit_code_3(job, arguments, environment):
    assert job.scan(*arguments, **environment).returncode == 3


def test_name_of_an_image_is_no_command(job):
    done = job.scan(BOLTSEAL_IMAGE="oci:good; touch owned $(touch owned2)")
    assert done.returncode == 2
    assert not list(job.workspace.glob("owned*"))


def test_folders_of_the_environment_are_used(job):
    done = job.scan(BOLTSEAL_IMAGE="oci:bad", BOLTSEAL_REPORTS="out/of the/way", BOLTSEAL_STATE="kept")
    assert done.returncode == 1, done.stderr
    check_reports(job.reports("out/of the/way"))
    assert any(path.is_file() for path in (job.workspace / "kept/cache").rglob("*"))
    assert not (job.workspace / ".boltseal").exists()


def portable(job, program):
    """A portable archive as `make dist` lays it out, and its digest."""
    path = job.workspace.parent / "boltseal.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(program, "boltseal-1-linux-any/bin/boltseal")
        archive.add(ROOT / "VERSION", "boltseal-1-linux-any/README.md")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_program_is_fetched_once_and_its_digest_is_tested(job, program, fake_server):
    path, digest = portable(job, program)
    server = fake_server(lambda request: (200, {}, path.read_bytes()))
    setting = {"BOLTSEAL": None, "BOLTSEAL_URL": f"http://{server.host}/boltseal.tar.gz", "BOLTSEAL_SHA256": digest,
               "BOLTSEAL_IMAGE": "oci:bad"}
    assert job.scan(**setting).returncode == 1
    assert job.scan(**setting).returncode == 1
    assert len(server.requests) == 1
    check_reports(job.reports())


def test_program_with_another_digest_is_not_run(job, program, fake_server):
    path, digest = portable(job, program)
    server = fake_server(lambda request: (200, {}, path.read_bytes() + b"x"))
    setting = {"BOLTSEAL": None, "BOLTSEAL_URL": f"http://{server.host}/boltseal.tar.gz", "BOLTSEAL_SHA256": digest,
               "BOLTSEAL_IMAGE": "oci:bad"}
    done = job.scan(**setting)
    assert done.returncode == 2 and "not used" in done.stderr and job.reports() == {}


def test_kept_program_that_was_changed_is_fetched_anew(job, program, fake_server):
    path, digest = portable(job, program)
    server = fake_server(lambda request: (200, {}, path.read_bytes()))
    kept = job.workspace / ".boltseal" / f"{digest}.tar.gz"
    kept.parent.mkdir()
    kept.write_bytes(b"another program")
    assert job.scan("oci:bad", BOLTSEAL=None, BOLTSEAL_URL=f"http://{server.host}/b", BOLTSEAL_SHA256=digest).returncode == 1
    assert len(server.requests) == 1 and kept.read_bytes() == path.read_bytes()


def test_advisories_are_fetched_before_the_scan(job, tmp_path, fake_server):
    feed(tmp_path, "PyPI", osv("PYSEC-2026-9", "PyPI", "django", "3.2.9", aliases=["CVE-2026-9009"],
                               severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]))

    def answer(request):
        file = tmp_path / request.path.lstrip("/")
        return (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"")

    server = fake_server(answer)
    setting = {"BOLTSEAL_DB": None, "BOLTSEAL_DB_UPDATE": "yes", "BOLTSEAL_INSECURE_HTTP": "1",
               "BOLTSEAL_FEED": f"osv=http://{server.host}/osv"}
    done = job.scan("oci:bad", **setting)
    assert done.returncode == 1, done.stderr
    check_reports(job.reports(), "CVE-2026-9009")
    assert (job.workspace / ".boltseal/data/advisories.db").is_file()


def test_update_that_fails_does_not_end_the_scan(job):
    setting = {"BOLTSEAL_DB": None, "BOLTSEAL_DB_UPDATE": "yes", "BOLTSEAL_INSECURE_HTTP": "1",
               "BOLTSEAL_FEED": f"osv=http://127.0.0.1:{free_port()}/osv"}
    done = job.scan("oci:good", BOLTSEAL_FAIL_ON="none", **setting)
    assert done.returncode == 0, done.stderr
    assert "could not be updated" in done.stderr and set(job.reports()) == REPORTS


def test_sign_in_is_for_this_job_only(job, private_registry, tmp_path):
    private_registry.client().push(image("3.2.0"), "ci/private", "1")
    user, password = private_registry.login
    setting = {"BOLTSEAL_IMAGE": f"{private_registry.host}/ci/private:1", "BOLTSEAL_INSECURE_HTTP": "1", "TMPDIR": str(tmp_path)}
    assert job.scan(**setting).returncode == 2
    done = job.scan(**setting, BOLTSEAL_REGISTRY=private_registry.host, BOLTSEAL_REGISTRY_USER=user, BOLTSEAL_REGISTRY_PASSWORD=password)
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())
    secrets = [password.encode(), base64.b64encode(f"{user}:{password}".encode())]
    assert not [text for text in secrets if text in (done.stdout + done.stderr).encode()]
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and any(text in f.read_bytes() for text in secrets)]


# GitHub

def expression(text, inputs):
    """What GitHub puts in place of ${{ inputs.name }}; nothing else is allowed where a step gets its values."""
    return re.sub(r"\$\{\{ inputs\.([a-z0-9-]+) \}\}", lambda match: inputs[match[1]], text)


def github(job, **inputs):
    action = yaml.safe_load((CI / "github/action.yml").read_text())
    values = {name: more.get("default") for name, more in action["inputs"].items()} | {k.replace("_", "-"): v for k, v in inputs.items()}
    assert not [name for name, value in values.items() if value is None]
    output, summary = job.workspace / "output", job.workspace / "summary"
    caches = {step["uses"].split("@")[0]: step for step in action["runs"]["steps"] if "uses" in step}
    assert caches["actions/cache/save"]["if"] == "always()"
    assert caches["actions/cache/save"]["with"]["key"] == caches["actions/cache/restore"]["with"]["key"]
    steps = [step for step in action["runs"]["steps"] if "run" in step]
    assert len(steps) == 1 and steps[0]["shell"] == "bash"
    environment = {name: expression(text, values) for name, text in steps[0]["env"].items()}
    assert not [text for text in environment.values() if "${{" in text]
    done = job.run(steps[0]["run"], ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"), **environment,
                   GITHUB_ACTION_PATH=str(job.workspace / "deploy/ci/github"), GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
    outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    value = re.compile(r"\$\{\{ steps\.scan\.outputs\.([a-z-]+) \}\}")
    declared = {name: value.fullmatch(more["value"])[1] for name, more in action["outputs"].items()}
    return done, {name: outputs.get(key, "") for name, key in declared.items()}, summary


def test_github_action_fails_on_findings_and_names_the_reports(job):
    done, outputs, summary = github(job, image="oci:bad", db_update="no")
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())
    assert outputs["exit-code"] == "1"
    assert json.loads((job.workspace / outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert (job.workspace / outputs["html"]).is_file() and (job.workspace / outputs["cyclonedx"]).is_file()
    lines = summary.read_text().splitlines()
    assert lines[0] == "## Boltseal" and all(line.startswith("    ") for line in lines[2:]) and "CVE-2026-1000" in summary.read_text()


def test_github_action_passes_a_clean_image(job):
    done, outputs, _ = github(job, image="oci:good", db_update="no", reports="elsewhere")
    assert done.returncode == 0 and outputs["exit-code"] == "0" and outputs["sarif"] == "elsewhere/boltseal.sarif"


def test_github_action_without_a_report_names_none(job):
    done, outputs, summary = github(job, image="oci:missing", db_update="no")
    assert done.returncode == 2 and outputs == {"exit-code": "2", "sarif": "", "html": "", "cyclonedx": ""} and not summary.exists()


def test_github_scripts_hold_no_expression():
    """An expression in a script is text of the script, so whoever names a branch or an image could write commands."""
    for name in ("action.yml", "workflow.yml"):
        document = yaml.safe_load((CI / "github" / name).read_text())
        steps = document["runs"]["steps"] if "runs" in document else [s for j in document["jobs"].values() for s in j["steps"]]
        assert [step for step in steps if "run" in step]
        assert not [step for step in steps if "${{" in step.get("run", "")]


def test_github_example_uses_what_the_action_has():
    action = yaml.safe_load((CI / "github/action.yml").read_text())
    text = (CI / "github/workflow.yml").read_text()
    workflow = yaml.safe_load(text)
    [step] = [s for s in workflow["jobs"]["scan"]["steps"] if "boltseal/deploy/ci/github@" in s.get("uses", "")]
    assert set(step["with"]) <= set(action["inputs"])
    assert {name for name, more in action["inputs"].items() if more.get("required")} <= set(step["with"])
    used = set(re.findall(rf"steps\.{step['id']}\.outputs\.([a-z-]+)", text))
    assert used and used <= set(action["outputs"])
    assert workflow["permissions"]["security-events"] == "write"


# GitLab

def gitlab(job, **environment):
    """The job's variables, expanded as GitLab does, then before_script and script in one shell."""
    recipe = yaml.safe_load((CI / "gitlab/.gitlab-ci.yml").read_text())["boltseal"]
    variables = {name: string.Template(text).safe_substitute(environment) for name, text in recipe["variables"].items()}
    return recipe, job.run("\n".join(recipe["before_script"] + recipe["script"]), **(variables | environment))


def test_gitlab_job_scans_the_image_of_its_own_registry(job, private_registry):
    private_registry.client().push(image("3.2.0"), "group/app", "0a1b2c3d")
    user, password = private_registry.login
    recipe, done = gitlab(job, CI_REGISTRY=private_registry.host, CI_REGISTRY_USER=user, CI_REGISTRY_PASSWORD=password,
                          CI_REGISTRY_IMAGE=f"{private_registry.host}/group/app", CI_COMMIT_SHORT_SHA="0a1b2c3d",
                          BOLTSEAL_INSECURE_HTTP="1")
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())
    kept = recipe["artifacts"]
    assert kept["when"] == recipe["cache"]["when"] == "always" and all((job.workspace / path).exists() for path in kept["paths"] + recipe["cache"]["paths"])
    assert json.loads((job.workspace / kept["reports"]["cyclonedx"]).read_text())["bomFormat"] == "CycloneDX"


def test_gitlab_variables_of_the_project_win(job):
    _, done = gitlab(job, BOLTSEAL_IMAGE="oci:good", BOLTSEAL_CI="deploy/ci")
    assert done.returncode == 0, done.stderr
    _, done = gitlab(job, BOLTSEAL_IMAGE="oci:missing")
    assert done.returncode == 2


# Jenkins

def jenkins(job, credentials=None, **parameters):
    """The one stage whose condition holds, with the environment block and, if asked, the credentials' variables."""
    text = re.sub(r"^\s*//.*$", "", (CI / "jenkins/Jenkinsfile").read_text(), flags=re.M)
    values = dict(re.findall(r"string\(name: '(\w+)', defaultValue: '([^']*)'", text))
    assert set(parameters) <= set(values)
    values |= parameters | ({"REGISTRY_CREDENTIALS": "registry"} if credentials else {})
    block = re.search(r"environment \{(.*?)\n  \}", text, re.S)[1]
    environment = {}
    for name, value in re.findall(r'(\w+) = "([^"]*)"', block):
        value = re.sub(r"\$\{params\.(\w+)\}", lambda match: values[match[1]], value)
        environment[name] = value.replace("${env.WORKSPACE}", str(job.workspace))
    assert not [value for value in environment.values() if "${" in value]
    condition = re.compile(r"params\.REGISTRY_CREDENTIALS (==|!=) '' \}(.*?)(?=stage\(|\n  post)", re.S)
    stages = {test == "==": body for test, body in condition.findall(text)}
    body = stages[not credentials]
    if credentials:
        for variable, value in zip(("usernameVariable", "passwordVariable"), credentials):
            environment[re.search(rf"{variable}: '(\w+)'", body)[1]] = value
    [command] = re.findall(r"\bsh '([^']*)'", body)
    return text, job.run(command, WORKSPACE=str(job.workspace), **environment)


def test_jenkins_pipeline_scans_with_all_reports(job):
    text, done = jenkins(job, IMAGE="oci:bad")
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())
    pattern = re.search(r"archiveArtifacts artifacts: '([^']*)'", text)[1]
    assert {path.name for path in job.workspace.glob(pattern)} == REPORTS
    assert jenkins(job, IMAGE="oci:bad", FAIL_ON="none")[1].returncode == 0
    assert jenkins(job, IMAGE="")[1].returncode == 3


def test_jenkins_pipeline_signs_in_with_credentials(job, private_registry):
    private_registry.client().push(image("3.2.0"), "ci/jenkins", "1")
    job.environment["BOLTSEAL_INSECURE_HTTP"] = "1"
    reference = {"IMAGE": f"{private_registry.host}/ci/jenkins:1", "REGISTRY": private_registry.host}
    assert jenkins(job, **reference)[1].returncode == 2
    _, done = jenkins(job, credentials=private_registry.login, **reference)
    assert done.returncode == 1, done.stderr
    check_reports(job.reports())


def test_jenkins_pipeline_is_balanced_and_shell_lines_are_not_groovy_strings():
    text = re.sub(r"//.*$|'[^'\n]*'|\"[^\"\n]*\"", "", (CI / "jenkins/Jenkinsfile").read_text(), flags=re.M)
    depth = []
    for mark in re.findall(r"[][(){}]", text):
        if mark in "([{":
            depth.append(mark)
        else:
            assert depth and depth.pop() + mark in ("()", "[]", "{}")
    assert not depth
    assert not re.search(r'\bsh\s*\(?\s*"', (CI / "jenkins/Jenkinsfile").read_text())


# All of them

def test_every_variable_of_the_script_is_in_its_page():
    script, page = (CI / "scan.sh").read_text(), (CI / "README.md").read_text()
    for name in set(re.findall(r"\$\{(BOLTSEAL\w*)", script)) - {"BOLTSEAL_DB", "BOLTSEAL_CACHE_DIR"}:
        assert name in page or "…_" + name.rsplit("_", 1)[1] in page, name


def test_recipes_share_one_script_and_one_limit():
    limit = re.search(r"BOLTSEAL_FAIL_ON:-([^}]*)\}", (CI / "scan.sh").read_text())[1]
    for name in ("github/action.yml", "github/workflow.yml", "gitlab/.gitlab-ci.yml", "jenkins/Jenkinsfile"):
        text = (CI / name).read_text()
        assert limit in text, name
        assert "scan.sh" in text or "deploy/ci/github@" in text, name
