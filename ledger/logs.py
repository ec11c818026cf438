"""How the process writes its log: one event a line, to standard error.

Standard output belongs to answers (exports, tables). A person at a terminal sees coloured text;
everything else gets JSON, one object a line, with UTC times.
"""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Set up logging for this process; the libraries' own lines take the same form.

    Args:
        level: The least severe level that is written, by its name in capitals.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The font library tells every step of every document at INFO.
    logging.getLogger("fontTools").setLevel(logging.WARNING)


def _rendering() -> list[structlog.typing.Processor]:
    """The last steps of a line: for a person at a terminal, or for a machine."""
    # Neither form shows the local variables of a traceback: keys and passwords may be among them.
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    traceback = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(traceback),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
