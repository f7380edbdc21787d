"""The store: artifacts by content, the ledger, the vault's seal, the lock, the manifest. It knows no tool."""
