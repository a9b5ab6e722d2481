"""What every plugin owes a call: a test for each rule of the contract."""

from audiohook_fw.testing import PluginContract

from audiohook_fw_silence import SilencePlugin


class TestContract(PluginContract):
    plugin = SilencePlugin
