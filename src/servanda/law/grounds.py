"""How a ground for keeping data is told to a person: a law by its name and article, not by its identifier.

Law: GDPR 12(1) in plain language, 12(4) the reasons for not taking action.
"""

from __future__ import annotations

from servanda.locale import catalogue


def name_of(ground: str, language: str) -> str:
    """The name of a ground as `str(Ground)` spells it: “law FR/c-com/L123-22” is the code de commerce, art. L123-22.

    What is no identifier is said as it is written.
    """
    cited = ground.removeprefix("law ").removeprefix("recommendation ").removeprefix("choice: ")
    words = catalogue("grounds", language)
    code, _, place = cited.rpartition("/")
    for key, article in ((code, place), (cited, ""), (cited.rpartition("-")[0], cited.rpartition("-")[2])):
        if key and words.knows(key):
            return words.say(key, place=article)
    return cited
