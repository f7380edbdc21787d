"""How every screen looks: what Textual draws louder than its evidence, or in a colour that hides words."""

from __future__ import annotations

LOOK = """
VerticalScroll, OptionList, DataTable, Tree { scrollbar-size: 1 1; }
* {
    scrollbar-background: transparent; scrollbar-background-hover: transparent;
    scrollbar-background-active: transparent; scrollbar-corner-color: transparent;
    scrollbar-color: $foreground 25%; scrollbar-color-hover: $foreground 45%; scrollbar-color-active: $primary;
}
OptionList:focus > .option-list--option-highlighted {
    background: $primary 30%; color: $foreground; text-style: bold;
}
DataTable:focus > .datatable--cursor { background: $primary 30%; color: $foreground; text-style: bold; }
OptionList:light:focus > .option-list--option-highlighted { background: $primary 18%; }
Openable:blur > .option-list--option-highlighted, Changes:blur > .option-list--option-highlighted {
    background: transparent; text-style: none;
}
CommandPalette SearchIcon { display: none; }
"""
"""A chosen line is tinted, so that the muted and the coloured words on it stay readable in both themes."""
