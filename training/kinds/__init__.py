"""The kinds of churn, one file each: what differs from kind to kind in training."""

from __future__ import annotations

from collections.abc import Mapping

from training.kinds.contracts import ContractLearner
from training.kinds.labels import LabelLearner
from training.kinds.learner import Learner, refuse
from training.kinds.purchases import PurchaseLearner

LEARNERS: Mapping[str, type[Learner]] = {
    PurchaseLearner.kind.name: PurchaseLearner,
    ContractLearner.kind.name: ContractLearner,
    LabelLearner.kind.name: LabelLearner,
}
"""Who learns each kind of churn, by its name."""


def find_learner(kind: str, *, act: str = "train") -> type[Learner]:
    """Return who learns a kind of churn.

    Parameters
    ----------
    kind : str
        A name of ``models.kind.KINDS``.
    act : str
        ``train``, or one of ``training.kinds.learner.ACTS``.

    Raises
    ------
    ConfigError
        If the act makes no sense for the kind.
    """
    learner = LEARNERS[kind]
    if act in learner.cannot:
        raise refuse(learner, act)
    return learner
