"""SendGrid's v3 API: many recipients a request, each mail its own.

In: a content with slots and up to 1,000 recipients. Out: an outcome for each of them. Law 3:
what left whole and was not answered is `unknown`; only what cannot have been read is sent again.
    payload    values → the JSON of one request
    wire       one keep-alive connection, which knows whether a request left it whole
    client     what the API's answers mean
    transport  single envelopes (confirmations, test mails) the same way
"""
