"""The life of some subscribers who also change their addresses; see machine.py.

In: one more rule. Out: whoever moved is mailed at the new address alone, with the lists that they
were still on; the old one is as one that left, also after a restore.
"""

from __future__ import annotations

import re
from dataclasses import replace

from django.core import mail
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import rule

from subscribers.addresses import address_key
from subscribers.change_address import ask
from subscribers.membership import find_subscriber
from subscribers.models import Membership, Subscriber
from tests.subscribers.machine import LISTS, SPELLINGS, Life, Link

CHANGE_LINK = re.compile(r"https://[^/\s]+(/address/\S+)")
PUBLIC_ID = 22  # characters with which the token of a link begins

theirs = st.sampled_from((*SPELLINGS, "cat@example.org"))


class MovingLife(Life):
    """As Life, and people move."""

    @rule(address=theirs, new=theirs)
    def changes_their_address(self, address: str, new: str) -> None:
        self._tick()
        if (person := find_subscriber(address)) is None:
            return
        old, key = person.address_key, address_key(new)
        ask(person, new, now=self.now)
        sent, mail.outbox[:] = list(mail.outbox), []
        for message in sent:
            assert address_key(message.to[0]) == key
            if found := CHANGE_LINK.search(str(message.body)):
                Client().post(found[1])
        mail.outbox.clear()  # the notice to the old one
        person.refresh_from_db()
        if person.address_key != old:
            self._moved(person, old)

    def _moved(self, person: Subscriber, old: str) -> None:
        """What they had left, they have left there too; what they get, they get there alone."""
        key, live = person.address_key, Membership.State.CONFIRMED
        confirmed = set(person.memberships.filter(state=live).values_list("list_name", flat=True))
        for name in LISTS:
            if name in confirmed:
                self.gone.pop((key, name), None)
            elif (old, name) in self.gone:
                self.gone[key, name] = self.gone[old, name]
            self.gone[old, name] = self.now
        self.erased.discard(key)

    def _press(self, link: Link) -> None:
        """Whom a link is about may have another address by now."""
        public_id = link.path.rsplit("/", 1)[1][:PUBLIC_ID]
        person = Subscriber.objects.filter(public_id=public_id).first()
        super()._press(replace(link, key=person.address_key) if person else link)
