"""AWS's own client against the Bedrock of the tests. Prints what it saw as JSON.

talk URL        a conversation with a tool, then one call for each way of failing
validate        reads requests from standard input, as a list of bodies, and says what the service's model has against them
"""

import json
import sys

import botocore.config
import botocore.session
from botocore.exceptions import ClientError, EventStreamError
from botocore.validate import ParamValidator

MODEL = "amazon.nova-lite-v1:0"
TOOLS = {"tools": [{"toolSpec": {"name": "list_invoices", "inputSchema": {"json": {"type": "object"}}}}]}


def read(stream):
    """The message, its stop reason and its usage, put together from the events."""
    blocks, seen = {}, {}
    for event in stream:
        ((name, body),) = event.items()
        if name == "messageStart":
            seen["role"] = body["role"]
        elif name == "contentBlockStart":
            blocks[body["contentBlockIndex"]] = {"toolUse": {**body["start"]["toolUse"], "input": ""}}
        elif name == "contentBlockDelta":
            delta = body["delta"]
            if "text" in delta:
                block = blocks.setdefault(body["contentBlockIndex"], {"text": ""})
                block["text"] += delta["text"]
            else:
                blocks[body["contentBlockIndex"]]["toolUse"]["input"] += delta["toolUse"]["input"]
        elif name == "messageStop":
            seen["stopReason"] = body["stopReason"]
        elif name == "metadata":
            seen["usage"] = body["usage"]
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    seen["content"] = [blocks[index] for index in sorted(blocks)]
    return seen


def talk(url):
    client = botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=10),
    )

    def ask(messages):
        return read(client.converse_stream(modelId=MODEL, messages=messages, toolConfig=TOOLS)["stream"])

    messages = [{"role": "user", "content": [{"text": "What is overdue?"}]}]
    first = ask(messages)
    use = first["content"][0]["toolUse"]
    messages.append({"role": first["role"], "content": first["content"]})
    result = {"toolUseId": use["toolUseId"], "content": [{"json": {"rows": []}}]}
    messages.append({"role": "user", "content": [{"toolResult": result}]})
    second = ask(messages)

    failures = []
    while True:
        try:
            if ask(messages)["content"] == [{"text": "That is all."}]:
                break
            failures.append("an answer")
        except (EventStreamError, ClientError) as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            failures.append(f"{type(error).__name__} {code}: {message}")
    return {"first": first, "second": second, "failures": failures}


def validate(bodies):
    service = botocore.session.Session().get_service_model("bedrock-runtime")
    shape = service.operation_model("ConverseStream").input_shape
    reports = [ParamValidator().validate({**body, "modelId": MODEL}, shape) for body in bodies]
    return [report.generate_report() for report in reports]


if sys.argv[1] == "talk":
    print(json.dumps(talk(sys.argv[2])))
else:
    print(json.dumps(validate(json.load(sys.stdin))))
