"""How much may be sent as variables."""

from typing import Any

from core.errors import BadUserInput

# A value takes up to 5 µs to be fitted to its type, while nobody else is served.
MAX_VALUES = 3_000


def refuse_many_values(variables: dict[str, Any]) -> None:
    """Refuses variables that would take long to be looked at, which happens before any rule of the business.

    Raises:
        BadUserInput: they hold more than `MAX_VALUES` values, lists and objects counted with what is in them.

    """
    count = 0
    containers: list[dict[str, Any] | list[Any]] = [variables]
    while containers:
        container = containers.pop()
        count += len(container)
        if count > MAX_VALUES:
            raise BadUserInput(f"The variables hold more than {MAX_VALUES:,} values.")
        values = container.values() if isinstance(container, dict) else container
        containers.extend(value for value in values if isinstance(value, dict | list))
