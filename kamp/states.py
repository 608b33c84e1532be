"""States and moves of showcases and inspection models, and the closed lists of KAMP."""

from django.db.models import TextChoices

from kamp.roles import CURATOR
from portal.access.roles import SYSTEM
from portal.core.moves import OWNER, Move, Moves


class ShowcaseState(TextChoices):
    DRAFT = "draft", "작성 중"
    REVIEW = "review", "검토 중"
    PUBLISHED = "published", "공개"
    WITHDRAWN = "withdrawn", "공개 철회"


S = ShowcaseState


class ShowcaseMoves(Moves):
    # EDIT leaves the state as it is; it is checked and logged like any move.
    EDIT = Move("edit", "고치기", (S.DRAFT,), S.DRAFT, (CURATOR, OWNER))
    SUBMIT = Move("submit", "검토 요청", (S.DRAFT,), S.REVIEW, (CURATOR, OWNER))
    GIVE_BACK = Move("give_back", "작성자에게 돌려보내기", (S.REVIEW,), S.DRAFT, (CURATOR,), True)
    # Keeps the state: the first of the two editors who look at a firm's case.
    CHECK = Move("check", "확인", (S.REVIEW,), S.REVIEW, (CURATOR,))
    PUBLISH = Move("publish", "공개", (S.REVIEW,), S.PUBLISHED, (CURATOR,))
    WITHDRAW = Move("withdraw", "공개 철회", (S.PUBLISHED,), S.WITHDRAWN, (CURATOR, OWNER), True)
    REOPEN = Move("reopen", "다시 쓰기", (S.WITHDRAWN,), S.DRAFT, (CURATOR,))


# For the firm that wrote the case.
SHOWCASE_FIRM_LABELS = {
    S.DRAFT: "작성 중",
    S.REVIEW: "편집자가 검토하고 있습니다",
    S.PUBLISHED: "공개되었습니다",
    S.WITHDRAWN: "공개를 거두었습니다",
}


class Process(TextChoices):
    """Manufacturing step that a case or a data set is about."""

    CASTING = "casting", "주조"
    FORMING = "forming", "성형·가공"
    HEAT = "heat", "열처리·소성"
    SURFACE = "surface", "표면처리"
    WELDING = "welding", "용접"
    ASSEMBLY = "assembly", "조립"
    INSPECTION = "inspection", "검사"
    LOGISTICS = "logistics", "물류·공급망"


class Purpose(TextChoices):
    QUALITY = "quality", "품질보증"
    ANOMALY = "anomaly", "이상탐지"
    MAINTENANCE = "maintenance", "예지보전"
    OPTIMISATION = "optimisation", "공정최적화"
    SUPPLY = "supply", "공급망최적화"


class DataKind(TextChoices):
    VIDEO = "video", "동영상"
    IMAGE = "image", "이미지"
    SERIES = "series", "시계열"
    TABLE = "table", "표"


class Direction(TextChoices):
    """Direction in which a figure improves."""

    HIGHER = "higher", "높을수록 좋음"
    LOWER = "lower", "낮을수록 좋음"


class FigureOrigin(TextChoices):
    """Source of a figure; a synthetic one is always shown as 합성."""

    PRESS = "press", "보도"
    MEASURED = "measured", "실측"
    SYNTHETIC = "synthetic", "합성"


class MemberRole(TextChoices):
    OWNER = "owner", "대표 작업자"
    EDITOR = "editor", "작업자"


class Split(TextChoices):
    """Part of a data set; a product keeps its part for good."""

    TRAIN = "train", "학습"
    VALIDATION = "validation", "기준값"
    TEST = "test", "시험"


class ClipState(TextChoices):
    """Extraction state of a clip; it has no table of moves."""

    UPLOADED = "uploaded", "추출 대기"
    READY = "ready", "추출 완료"
    HELD = "held", "판정 보류"
    FAILED = "failed", "읽지 못함"


class Mark(TextChoices):
    """What a labeller or an inspector holds a product to be."""

    NORMAL = "normal", "정상"
    DEFECT = "defect", "불량"
    UNSURE = "unsure", "보류"


class DefectKind(TextChoices):
    CRACK = "crack", "크랙"
    INCLUSION = "inclusion", "이물질"
    VOID = "void", "기공"
    LAMINATION = "lamination", "층상 균열"
    SEGREGATION = "segregation", "편석"
    OTHER = "other", "그 밖의 불량"


class ModelState(TextChoices):
    TRAINING = "training", "학습 중"
    DRAFT = "draft", "승인 전"
    APPROVED = "approved", "승인"
    RETIRED = "retired", "폐기"


M = ModelState


class ModelMoves(Moves):
    FINISH = Move("finish", "학습 완료", (M.TRAINING,), M.DRAFT, (SYSTEM,))
    APPROVE = Move("approve", "승인", (M.DRAFT,), M.APPROVED, (OWNER,))
    RETIRE = Move("retire", "폐기", (M.TRAINING, M.DRAFT, M.APPROVED), M.RETIRED, (OWNER,), True)


class Verdict(TextChoices):
    """Verdict of a model on a clip."""

    NORMAL = "normal", "정상"
    DEFECT = "defect", "불량"
    UNKNOWN = "unknown", "미지 의심"
    HOLD = "hold", "판정 보류"
