"""The only writers of showcases, data sets, models and inspections; requests of background work.

Nothing here imports an image library: the web process loads these modules, the work is in `kamp.jobs`.
"""
