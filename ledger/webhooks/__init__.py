"""Telling other systems what happened: webhooks, as Standard Webhooks has them.

Rule of the room: the log is the queue. What is delivered follows from a position and from the few
rows of messages that were not taken at once, so nothing is missed and nothing is made up.

`subscriptions` is what an operator does, `standing` what is seen of it, `delivering` who delivers,
`turn` what is done for one webhook, `work` whose turn it is and what came of it, `sending` one
request, `endpoints` where it may go, `message` what is in it, `signing` how a receiver knows that it
is ours.
"""

from ledger.webhooks.delivering import Deliverer
from ledger.webhooks.subscriptions import Webhooks

__all__ = ["Deliverer", "Webhooks"]
