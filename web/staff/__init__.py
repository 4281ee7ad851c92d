"""The staff console under /bureau: lists, the case page, the acts on it. Staff see only their own organisations."""
