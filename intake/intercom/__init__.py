"""Intercom: questions and status pass here, never data, evidence, letters or an export (design, section 9)."""
