"""Mixtures of languages and corpora: rates, whole-number quotas, and an order whose every prefix has the rates.

    counts --Mixture.rates--> rates --quotas--> documents of each --MixtureOrder--> (entry, epoch, row) by position

Everything is arithmetic on counts. It serves `beam_jobs.rebalance`, which writes a mixture, and the trainer, which
draws one on the fly. Needs only numpy and the standard library.
"""

from c4pipe.mixture.interleaving import MAX_DOCUMENTS as MAX_DOCUMENTS
from c4pipe.mixture.interleaving import Interleaving as Interleaving
from c4pipe.mixture.order import MAX_EPOCHS as MAX_EPOCHS
from c4pipe.mixture.order import Drawn as Drawn
from c4pipe.mixture.order import MixtureOrder as MixtureOrder
from c4pipe.mixture.permutation import Permutation as Permutation
from c4pipe.mixture.permutation import derive_key as derive_key
from c4pipe.mixture.quotas import quotas as quotas
from c4pipe.mixture.rates import KINDS as KINDS
from c4pipe.mixture.rates import Mixture as Mixture
