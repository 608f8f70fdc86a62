"""Mails that tell in words alone: automatic replies, and bounces in no agreed format.

In: a `Mail`. Out: whether a machine answered for a person (out of office: that is nothing), or
a `Finding` of a bounce. Words are asked of mails that a mail system wrote, never of a person's.
"""

from __future__ import annotations

import re

from digest.feedback.hardness import hardness, says_later
from digest.feedback.mime import MAX_TEXT, Mail, plain_header
from digest.feedback.reports import BOUNCED, Finding

# RFC 3834 5; the rest are what answering machines of old set instead of it.
MARKS = ("x-autoreply", "x-autorespond", "x-autoreply-from")
REPLY_PRECEDENCES = ("auto_reply", "auto-reply", "junk")
BULK = ("bulk", "list")  # vacation(1) of old; mailing lists
AWAY = re.compile(
    r"^\W*(re: ?|aw: ?|sv: ?)?(auto(matic|mated|matische)?[ -]?(reply|response|responder|antwort)"
    r"|auto:|out of (the )?office|out-of-office|ooo\b|vacation|away from (my|the)|i am (away|out)"
    r"|on (annual |maternity |parental )?leave|holiday|abwesen|urlaub|nicht im (büro|haus)"
    r"|réponse automatique|absence|absent|respuesta autom|fuera de (la )?oficina|ausen"
    r"|risposta automatica|fuori (sede|ufficio)|automatisch antwoord|afwezig"
    r"|resposta autom|frånvaro|autosvar|automaattinen|odpowiedź automatyczna|自動応答|自动回复)",
    re.IGNORECASE,
)
DAEMON = re.compile(
    r"(^|[<\s\"(])(mailer-?daemon|postmaster|mdaemon|mail-daemon|mail[ -]delivery"
    r"[ -](sub)?system|microsoftexchange[0-9a-f]*|bounces?)\b",
    re.IGNORECASE,
)
RETURNED = re.compile(
    r"undeliver(able|ed)|delivery (status notification|failure|has failed|report)|failure notice"
    r"|returned mail|mail delivery (failed|failure|error)|delivery (failed|problem)"
    r"|returning message to sender|could ?n[o']t be delivered|warning: could not send"
    r"|delivery .{0,30}delayed|unzustellbar|non remis|no se pudo entregar|nondeliverable",
    re.IGNORECASE,
)
QMAIL = re.compile(r"\bqmail-send program\b|\bQSBMF\b")
# From here on a notice repeats our own mail, whose words say nothing of the delivery.
COPY = re.compile(
    r"^[ \t>*-]*(below this line is a copy|(this is|here follows) (a copy|the) .{0,40}(message"
    r"|header)|original message|(unsent|undelivered|returned|original) (message|mail)( follows"
    r"| below| headers?)?[ :-]*$|return-path: |received: (from|by) |message-id: )",
    re.IGNORECASE | re.MULTILINE,
)
NAMED = re.compile(r"<?([^\s@<>:]{1,64}@[^\s@<>:,]{1,255}?)>?(:?\s|[:,]|$)")


def is_auto_reply(mail: Mail) -> bool:
    """Whether a machine answered for a person; RFC 3834's field, or what stood in for it."""
    top = mail.top
    submitted = top.header("auto-submitted").lower().strip()
    if submitted and not submitted.startswith("no"):
        return True
    if top.header("precedence").lower().strip() in REPLY_PRECEDENCES:
        return True
    if top.all(MARKS) or "vacation" in top.header("x-mailer").lower():
        return True
    return AWAY.search(plain_header(top.header("subject"))) is not None


def written_by_a_machine(mail: Mail) -> bool:
    """Whether no person asked for what this mail's address stands for.

    A report, a bounce (its return path is empty, RFC 5321 4.5.5), an automatic reply, or the
    mail of a list, ours among them, that was subscribed or forwarded to it.
    """
    kind = mail.top.header("content-type").lower()
    empty = any(path.strip() == "<>" for path in mail.top.all(("return-path",)))
    of_list = mail.top.header("list-id") or mail.top.header("precedence").lower() in BULK
    return bool(
        kind.startswith("multipart/report")
        or empty
        or of_list
        or surely_bounced(mail)
        or is_auto_reply(mail)
    )


def surely_bounced(mail: Mail) -> bool:
    """Exim's field, qmail's words, or a daemon's name with a subject to match.

    These may well be marked as automatic replies too.
    """
    if mail.top.header("x-failed-recipients") or all(_system_marks(mail)):
        return True
    return QMAIL.search(own_words(mail)) is not None


def told_by_a_mail_system(mail: Mail) -> bool:
    """Written by a mail system, not by a person: its sender's name or its subject say so."""
    return any(_system_marks(mail))


def bounce_in_words(mail: Mail) -> Finding:
    """What the notice says before it repeats our mail."""
    words = own_words(mail)
    failed = mail.top.header("x-failed-recipients").split(",")[0].strip()
    named = NAMED.search(words)
    who = failed or (named[1] if named else "")
    if says_later(plain_header(mail.top.header("subject")) + "\n" + words):
        return Finding("deferred", words, who)
    return Finding(BOUNCED[hardness("", words)], words, who)


def own_words(mail: Mail) -> str:
    """The text of the notice itself, at most 64 KB, without the copy of our mail."""
    texts: list[str] = []
    room = MAX_TEXT
    for leaf in mail.leaves:
        if leaf.kind in ("text/plain", "text/html") and room > 0:
            texts.append(leaf.text[:room])
            room -= len(texts[-1])
    words = "\n".join(texts)
    copy = COPY.search(words)
    return words[: copy.start()] if copy else words


def _system_marks(mail: Mail) -> tuple[bool, bool]:
    subject = plain_header(mail.top.header("subject"))
    by_daemon = DAEMON.search(mail.top.header("from")) is not None
    return by_daemon, RETURNED.search(subject) is not None
