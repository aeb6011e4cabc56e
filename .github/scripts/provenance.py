"""Say how GitHub built this, as SLSA provenance 1.0: the predicate, to be attested.

    python .github/scripts/provenance.py > provenance.json

The builder is the workflow that runs, which also signs; the build type is the one that
GitHub's own attestations have. Everything comes from the variables of the runner.
"""

import json
import os

BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"


def provenance() -> dict[str, object]:
    github = {key[7:]: each for key, each in os.environ.items() if key[:7] == "GITHUB_"}
    server, repository = github["SERVER_URL"], github["REPOSITORY"]
    source = f"{server}/{repository}"
    workflow, _, ref = github["WORKFLOW_REF"].partition("@")
    run, attempt = github["RUN_ID"], github["RUN_ATTEMPT"]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "workflow": {
                    "ref": ref,
                    "repository": source,
                    "path": workflow.removeprefix(f"{repository}/"),
                }
            },
            "internalParameters": {
                "github": {
                    "event_name": github["EVENT_NAME"],
                    "repository_id": github["REPOSITORY_ID"],
                    "repository_owner_id": github["REPOSITORY_OWNER_ID"],
                    "runner_environment": os.environ["RUNNER_ENVIRONMENT"],
                }
            },
            "resolvedDependencies": [
                {
                    "uri": f"git+{source}@{github['REF']}",
                    "digest": {"gitCommit": github["SHA"]},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": f"{server}/{github['WORKFLOW_REF']}"},
            "metadata": {
                "invocationId": f"{source}/actions/runs/{run}/attempts/{attempt}"
            },
        },
    }


print(json.dumps(provenance(), indent=2))  # noqa: T201 - what it is for
