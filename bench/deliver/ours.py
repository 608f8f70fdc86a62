"""`python -m bench.deliver.ours`: the product's whole path, on the site that DIGEST_CONFIG names.

The one file that calls it. Starting Django is not timed; queueing everybody is, and is told apart.
"""

from __future__ import annotations

from bench.deliver.runs import Clock, as_json, memory


def main() -> None:
    """Send issue 1 and write the run."""
    import django

    django.setup()
    from django.conf import settings

    from digest.config import load_keys
    from digest.pipeline.deliver import send_issue

    config = settings.CONFIG
    keys = load_keys(config.folder)
    queued: dict[str, float] = {}
    clock = Clock()

    def first_shown(done: int, total: int) -> None:
        if not queued:  # everybody is queued, nobody is claimed
            queued.update(clock.read())

    counts = send_issue(1, config, keys, progress=first_shown)
    found = clock.read()
    print(
        as_json(
            mails=counts["accepted"],
            **found,
            queueing=queued["seconds"],
            queueing_cpu=queued["user"] + queued["system"],
            memory=memory(),
        )
    )


if __name__ == "__main__":
    main()
