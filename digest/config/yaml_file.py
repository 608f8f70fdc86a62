"""Reads a YAML file of keys, strictly: a key given twice is refused, as YAML would drop one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from digest.errors import ConfigError


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice (YAML would keep the last, silently)."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(None, None, f"key '{key}' given twice", key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_mapping(path: Path, *, mend: str) -> dict[str, Any]:
    """The keys of the file. Raises ConfigError; `mend` says what to do when there is none."""
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), mend=mend) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"line {line}: {error.problem}", where=str(path), mend="Mend that line"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"cannot be read ({reason})", where=str(path), mend="It must be readable UTF-8 YAML"
        ) from None
    if not isinstance(loaded, dict) or not loaded:
        raise ConfigError("is empty or no mapping of keys", where=str(path), mend=mend)
    return {str(key): content for key, content in loaded.items()}
