"""The frame around every page of the dossier; nothing in it points outside."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Phasegate">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
<header class="run">{head}</header>
<nav class="contents" aria-label="On this page">{contents}</nav>
<main id="content">
{body}
<footer>{foot}</footer>
</main>
</div>
</body>
</html>
"""
