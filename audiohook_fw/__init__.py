"""audiohook_fw: a plugin-based server for the Genesys Cloud AudioHook protocol."""
