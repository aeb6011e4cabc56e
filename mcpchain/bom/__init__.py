"""What a system is made of, as a CycloneDX document.

    write     Inventory -> CycloneDX 1.6 JSON, the same bytes for the same inventory
    read      CycloneDX 1.4 to 1.7 JSON, by any tool -> Inventory
    worth     Inventory of a BOM -> the part of it that bears itself out
    validate  CycloneDX JSON against the official schema, and what no schema can say

`read(write(inventory)) == inventory`. What CycloneDX has no place for travels in
properties, all of which are named in `properties`.
"""
