MEASURES: dict = {}
