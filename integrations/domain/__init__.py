"""Looking for the proof that a domain is whose it is said to be."""

from integrations.domain.base import PROOF_PATH, Finding, Proof, proof_name
from integrations.domain.look import Prover, new_prover

__all__ = ["PROOF_PATH", "Finding", "Proof", "Prover", "new_prover", "proof_name"]
