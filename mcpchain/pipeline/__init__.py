"""The hall of the house: the one place that knows every stage.

target      a folder, file or BOM  -> Inventory, and Inventory -> CycloneDX
policies    a name                 -> Policy
knowledge   Component, Release     -> Advisory, from every source
judgement   Inventory, Policy      -> Account, by way of all of them
"""
