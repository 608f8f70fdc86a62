"""What comes back → events → consequences: SendGrid's webhook, bounces, complaints, leave mails.

In: bytes that somebody posted or mailed. Out: `FeedbackEvent`s, and what a pure table says of
each. Plain functions on plain values (no rows, no Django); pipeline/ carries the table out.
Law 8: nothing from outside is trusted; nothing here logs, and no detail holds an address.
"""
