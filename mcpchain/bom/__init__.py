"""What a system is made of, as a CycloneDX document.

    write      Inventory -> CycloneDX 1.6 or 1.7 JSON, the same bytes for the same one
    read       CycloneDX 1.4 to 1.7 JSON, by any tool -> Inventory
    merge      several inventories -> one, in which each thing stands once
    worth      Inventory of a BOM -> the part of it that bears itself out
    validate   CycloneDX JSON against the official schema, and what no schema can say
    xml        a document that we wrote -> XML, and what XML leaves out of it

`read(write(inventory)) == inventory`. What CycloneDX has no place for travels in
properties, all of which are named in `properties`. What another BOM says and we have no
words for is kept by `carry` and `whole`, and put back by `place`.
"""
