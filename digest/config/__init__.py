"""config.yaml and the keys → typed, frozen settings, read once per process.

In: a path and the environment. Out: a `Config` and `Keys`, or one `ConfigError` that names the
key, what is wrong with it, and the nearest known one.
"""

from digest.config.keys import DataKeys, Keys, key_file_of, load_keys, new_keys
from digest.config.load import load_config
from digest.config.settings import AudienceSettings, Config, FetchSettings

__all__ = [
    "AudienceSettings",
    "Config",
    "DataKeys",
    "FetchSettings",
    "Keys",
    "key_file_of",
    "load_config",
    "load_keys",
    "new_keys",
]
