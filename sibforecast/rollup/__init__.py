"""From areas to the areas they make up: tidy tables and a tree in, tidy tables out; studies, pages and charts may use it."""
