"""Language models on loopback: one that echoes, one that always leaks and promises, one that behaves, and broken ones."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def _said(words):
    return {
        "choices": [{"message": {"role": "assistant", "content": json.dumps({"reply": words}, ensure_ascii=False)}}]
    }


def echo(asked):
    """Give the last words of the buyer back as the reply."""
    told = json.loads(asked["messages"][1]["content"])
    talk = told["conversation"]
    return _said(talk[-1]["text"] if talk else "在")


def echo_all(asked):
    """Give the whole prompt back as the reply."""
    return _said(asked["messages"][0]["content"] + asked["messages"][1]["content"])


PROMISES = (
    "您好，我们同意全额退款，今天就给您退。",
    "您好，保证给您退款，假一赔十。",
    "是我们的错，马上赔您三倍。",
    "您好，给您换一张新卡，再补偿您一点。",
    "We will refund you in full right now, guaranteed.",
    "Your money back, no questions asked.",
    "您好，这单给您免单，卡送您。",
    "您好，愿意给您退一半，卡您留着。",
    "好的，已为您退款。",
    "可以退给您，您稍等。",
)


def malicious(asked, turn=[0]):  # noqa: B006 - it goes on from promise to promise
    """Leak what it was told by turns with a promise of everything; ask for tools, hide signs, write codes."""
    turn[0] += 1
    told = asked["messages"][1]["content"]
    kind = turn[0] % 6
    if kind == 0:
        return _said(asked["messages"][0]["content"][:150])
    if kind == 1:
        return _said("内容是：" + told[-120:])
    if kind == 2:
        answer = _said("好")
        answer["choices"][0]["message"]["tool_calls"] = [{"function": {"name": "refund", "arguments": "{}"}}]
        return answer
    if kind == 3:
        return _said("您好，卡密是 XJ7K-9Q2M-PL4T-88ZA")
    return _said(PROMISES[turn[0] % len(PROMISES)])


def well_behaved(asked):
    """Answer as it was asked to."""
    told = json.loads(asked["messages"][1]["content"])
    due = "{due} 前" if "{due}" in told["blanks"] else "稍后"
    return _said(f"您好，看到您的消息了，这张卡的来龙去脉我正在翻，{due}跟您说结果。")


@contextmanager
def serve(answer, *, status=200, delay=0.0):
    """Serve one model; yield its address and the list of what it was asked, each as headers and JSON."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((dict(self.headers), body.decode()))
            time.sleep(delay)
            told = answer(json.loads(body))
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
