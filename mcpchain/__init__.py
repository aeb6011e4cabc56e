"""Supply-chain verification for AI systems.

The map of the house. Data moves down this list; imports move up it.

    discover    files in a tree      -> Inventory  (what is here?)
    registries  Component            -> Release    (what would be delivered?)
    verify      Component, Release   -> Evidence   (is it what was pinned?)
    audit       Component            -> Advisory   (what is known against it?)
    rules       Case                 -> Finding    (what should worry us?)
    gate        Finding, Policy      -> Verdict    (may it be deployed?)
    report      Verdict              -> text, JSON (what do we tell people?)
    bom         Inventory           <-> CycloneDX  (what do we hand on?)

`errors` is what stops us. A wrong digest does not: it is `Evidence`. Something that we
could not look at does not either: it is a `Gap`, and it is never silence.
"""

__version__ = "0.1.0"
