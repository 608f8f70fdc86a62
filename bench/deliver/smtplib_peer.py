"""`python -m bench.deliver.smtplib_peer PORT MAILS`: smtplib and an EmailMessage built per mail.

One connection, as Python newsletters do it. The mail's texts come as JSON on stdin.
"""

from __future__ import annotations

import json
import smtplib
import sys
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from bench.deliver.runs import Clock, as_json


def main(port: int, mails: int) -> str:
    """Send them one after the other."""
    mail = json.load(sys.stdin)
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        clock = Clock()
        for n in range(mails):
            client.send_message(message(mail, n))
        found = clock.read()
    return as_json(mails=mails, **found)


def message(mail: Mapping[str, Any], n: int) -> EmailMessage:
    """One reader's mail, with a link of its own in each slot."""
    link = f"https://digest.example.org/{n}"
    html, text = mail["html"], mail["text"]
    for slot in mail["slots"]:
        html, text = html.replace(slot, link), text.replace(slot, link)
    made = EmailMessage()
    made["From"], made["Subject"] = mail["sender"], mail["subject"]
    made["To"] = Address(f"Reader {n}", f"reader{n}", "example.org")
    made["Date"], made["Message-ID"] = formatdate(), make_msgid(domain="example.org")
    made["List-Unsubscribe"] = f"<{link}>"
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2])))
