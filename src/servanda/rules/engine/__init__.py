"""The rule engine: rules, the view they read, the runner, waivers and manuals."""
