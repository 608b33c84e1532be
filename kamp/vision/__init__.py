"""The inspection itself: clips in, verdicts out; pure (numpy, OpenCV, PyAV, scikit-learn), no Django.

A product's way, each step a pure function of the one before::

    with decode.open_clip(path, mm_per_px=0.8) as clip:      # ClipRefused, DecodeFailed
        evidence = examine.examine(clip)                     # Evidence: vector, traits, panorama, heat
        verdict = judge.judge(model, evidence, width=clip.shape[1])   # Judgement
        png = pictures.overlay_png(clip[3], evidence, 3)

Training needs only what is stored of each product (`Evidence.vector` float32, `Evidence.traits`)::

    samples = [model.Sample(serial, vector, traits, kind)]   # kind "" = normal
    trained = model.train(fit, threshold)                    # TrainingRefused; 20 + 20 normals suffice
    data = trained.to_bytes(); trained.sha256; model.load(data)       # ModelUnreadable
    drift.check(trained, latest) -> Drift;  model.recalibrate(trained, fit, threshold) -> Model

| module | gives |
|---|---|
| `decode` | `open_clip`, `open_images` -> `Clip` (`.info: ClipInfo`, `.shape`, `len`, `[i]`, iteration) |
| `examine` | `examine(clip) -> Evidence` |
| `quality` | `Traits`, `Envelope`, `envelope(traits)`, `gate(traits, envelope) -> tuple[Finding, ...]` |
| `model` | `Sample`, `Model`, `train`, `recalibrate`, `load` |
| `judge` | `Verdict`, `LABELS`, `Judgement`, `judge` |
| `pictures` | `frame_png`, `flattened_png`, `overlay_png`, `panorama_png` |
| `drift` | `check -> Drift` |
| `measure` | `confusion`, `roc`, `cheapest`, `pod`, `by_kind`; `Rate` and `kappa` are in `kamp.rules.evaluation` |
| `split` | `split_of(serial, key=...) -> Split` (fit, threshold, test) |
| `duplicates` | `Item`, `find(items) -> tuple[Duplicate, ...]` |
| `generator` | `product(seed, kind) -> Product`, `write(product, path)`; always labelled 합성 |
| `elpv` | `available()`, `measure() -> ElpvResult` |
| `errors` | the typed errors, Korean message and stable code each |
"""
