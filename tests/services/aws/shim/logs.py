"""CloudWatch Logs: of FilterLogEvents the prefix of streams, and pages."""

import json
import os

from kit import rebind
from ministack.services import cloudwatch_logs

LOG_EVENTS_PER_PAGE = int(os.environ.get("SHIM_LOG_EVENTS_PER_PAGE", "10000"))

filter_log_events = cloudwatch_logs._filter_log_events


def filter_log_events_in_pages(data):
    """MiniStack heeds neither the prefix of streams nor a token."""
    data = dict(data)
    prefix, token = data.pop("logStreamNamePrefix", None), data.pop("nextToken", None)
    limit = min(data.pop("limit", LOG_EVENTS_PER_PAGE), LOG_EVENTS_PER_PAGE)
    group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
    if group and prefix is not None:
        names = [name for name in group["streams"] if name.startswith(prefix)]
        if not names:
            return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"events": []}).encode()
        data["logStreamNames"] = names
    status, headers, body = filter_log_events(data)
    answer = json.loads(body)
    if status == 200:
        first = int(token or 0)
        events, answer["events"] = answer["events"], answer["events"][first : first + limit]
        if first + limit < len(events):
            answer["nextToken"] = str(first + limit)
    return status, headers, json.dumps(answer).encode()


rebind("_filter_log_events", filter_log_events, filter_log_events_in_pages)
