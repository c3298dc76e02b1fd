#!/bin/bash
# Usage: bench/watch.sh [JQS]
#
# Calls to AWS in a minute while a tree of twelve stacks is watched: `jqs watch`, with and without `--sparing`, `aws
# cloudformation wait`, whose waiter `aws cloudformation deploy` uses as well, and `rain watch`, if RAIN names a rain binary. All watch the same creation on the AWS
# stand-in at the same time, each through a proxy of its own that counts. Then every event of every stack is looked for in what
# `jqs` told.
# Environment: DELAY_MS (4000), how long each resource takes; with 32000 the creation lasts as long as one of OpenSearch.
set -euo pipefail

AWS_CLI_VERSION=1.46.3
PORT=14566

root=$(cd "$(dirname "$0")/.." && pwd)
jqs=$(realpath "${1:-$root/target/release/jqs}")
rain=${RAIN:-}
delay=${DELAY_MS:-4000}
export JQS_SERVICES_HOME=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}
venv=$JQS_SERVICES_HOME/awscli-$AWS_CLI_VERSION

if [ ! -x "$jqs" ]; then
    echo "error: $jqs is missing (make build)" >&2
    exit 1
fi
if [ ! -x "$venv/bin/aws" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "awscli==$AWS_CLI_VERSION"
fi
data=$(mktemp -d)
proxies=()
finish() {
    "$root/tests/services/aws/stop.sh" "$data/cloud" || true
    for pid in "${proxies[@]}"; do kill "$pid" 2> /dev/null || true; done
    rm -rf "$data"
}
trap finish EXIT

export PATH=$venv/bin:$PATH AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=111122223333 AWS_SECRET_ACCESS_KEY=secret AWS_PAGER='' HOME=$data
cloud=http://127.0.0.1:$PORT
SHIM_DELAY_MS=$delay "$root/tests/services/aws/start.sh" "$PORT" "$data/cloud" > /dev/null

mkdir "$data/templates" "$data/counts" "$data/said"
python3 "$root/bench/watch.py" templates "$data/templates"
export AWS_ENDPOINT_URL=$cloud
aws s3 mb s3://bench > /dev/null
aws cloudformation package --template-file "$data/templates/root.json" --s3-bucket bench --use-json \
    --output-template-file "$data/packaged.json" > /dev/null
aws cloudformation create-stack --stack-name tree --template-body "file://$data/packaged.json" > /dev/null

# Watches through a proxy: NAME COMMAND…
port=$PORT
watchers=()
watch() {
    local name=$1
    shift
    port=$((port + 1))
    python3 "$root/bench/watch.py" proxy "$port" "$cloud" "$data/counts/$name.json" &
    proxies+=($!)
    until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do sleep 0.1; done
    AWS_ENDPOINT_URL=http://127.0.0.1:$port "$@" > "$data/said/$name.out" 2> "$data/$name.err" < /dev/null &
    watchers+=($!)
}
stamped='set -o pipefail; stamp=$1; shift; "$@" | python3 "$stamp" stamp'
watch jqs bash -c "$stamped" - "$root/bench/watch.py" "$jqs" watch --name tree --json
watch sparing bash -c "$stamped" - "$root/bench/watch.py" "$jqs" watch --name tree --json --sparing
watch aws aws cloudformation wait stack-create-complete --stack-name tree
[ -z "$rain" ] || watch rain "$rain" watch tree
for pid in "${watchers[@]}"; do
    wait "$pid" || { echo "error: a watcher failed" >&2; tail -n 3 "$data"/*.err >&2; exit 1; }
done
for pid in "${proxies[@]}"; do kill "$pid"; wait "$pid" || true; done
mv "$data"/said/{jqs,sparing}.out "$data/counts"
python3 "$root/bench/watch.py" report "$cloud" tree "$data/counts"
