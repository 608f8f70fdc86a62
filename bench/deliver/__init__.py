"""How fast, how dear and how large delivering is, beside smtp-source, nodemailer and smtplib.

In: a site of its own with made-up readers and one approved issue of about 50 KB a mail. Out: mails
a second, our CPU a mail and memory, whether the promises hold. `python -m bench.deliver`, or
`make bench-deliver`. A peer or a sink that is not installed is named as absent.
"""
