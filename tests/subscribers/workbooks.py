"""Workbooks for the tests: a zip of XML, as spreadsheets write it, or as somebody wicked does."""

from __future__ import annotations

import zipfile
from pathlib import Path

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK = (
    f'<workbook {MAIN} xmlns:r="{RELATIONS}"><workbookPr/><sheets>'
    '<sheet name="Old" sheetId="1" state="hidden" r:id="rId1"/>'
    '<sheet name="People" sheetId="2" r:id="rId2"/></sheets></workbook>'
)
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>'
)
STYLES = (
    f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="&quot;days&quot; 0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    "</cellXfs></styleSheet>"
)
SHARED = (
    f"<sst {MAIN}><si><t>email</t></si><si><t>name</t></si><si><t>ann@example.org</t></si>"
    "<si><r><t>Ann </t></r><r><t>Lee</t></r><rPh><t>unsaid</t></rPh></si></sst>"
)


def write_workbook(path: Path, rows: str, **parts: str) -> None:
    """`rows` are the `<row>` elements; `parts` replace others (an empty one leaves it out)."""
    every = {
        "workbook": ("xl/workbook.xml", WORKBOOK),
        "rels": ("xl/_rels/workbook.xml.rels", RELS),
        "styles": ("xl/styles.xml", STYLES),
        "shared": ("xl/sharedStrings.xml", SHARED),
        "sheet": (
            "xl/worksheets/sheet2.xml",
            f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>",
        ),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (where, content) in every.items():
            if parts.get(name, content):
                archive.writestr(where, parts.get(name, content))


def row(*cells: str) -> str:
    """A row of inline texts."""
    inline = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row>{inline}</row>"
