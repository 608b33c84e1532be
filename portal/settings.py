"""The settings of every deployment; environment variables decide what differs."""

import tempfile
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.environment import BASE_DIR, env, further_registries, keys, refuse_shared, with_password
from portal.uploads import address

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

DEBUG = env("PORTAL_DEBUG")
DATA_DIR = Path(env("PORTAL_DATA_DIR"))
DATABASE_URL = (
    with_password(env("DATABASE_URL"), "DATABASE_PASSWORD")
    or f"sqlite:///{DATA_DIR / 'portal.sqlite3'}"
)
BROKER_URL = ";".join(
    with_password(url, "REDIS_PASSWORD") for url in env("CELERY_BROKER_URL").split(";")
)
EMBEDDED = BROKER_URL.startswith("memory")

SECRET_KEY, *SECRET_KEY_FALLBACKS = keys("PORTAL_SECRET_KEY") or [
    "insecure-debug-key" if DEBUG else ""
]
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "PORTAL_SECRET_KEY를 50자 이상의 임의 문자열로 정해 주세요. 기본값으로는 시작하지 않습니다."
    )

# Signs the tickets of forms that could not be carried out; without it there are none.
TICKET_KEY, *TICKET_KEY_FALLBACKS = keys("PORTAL_TICKET_KEY") or [""]
# What is published or compared for years: the last key makes it, see `portal.core.keys`.
OPEN_DATA_KEYS = keys("PORTAL_OPEN_DATA_KEY") or [SECRET_KEY]
HASH_KEYS = keys("PORTAL_HASH_KEY") or [SECRET_KEY]
MFA_KEYS = keys("PORTAL_MFA_KEY")
RECEIPT_KEYS = keys("PORTAL_RECEIPT_KEY")
SESSION_KEYS = [SECRET_KEY, *SECRET_KEY_FALLBACKS]
APART = {
    "PORTAL_TICKET_KEY": [TICKET_KEY, *TICKET_KEY_FALLBACKS] if TICKET_KEY else [],
    "PORTAL_MFA_KEY": MFA_KEYS,
    "PORTAL_RECEIPT_KEY": RECEIPT_KEYS,
}
refuse_shared({"PORTAL_SECRET_KEY": SESSION_KEYS, **APART})
refuse_shared({"PORTAL_OPEN_DATA_KEY": OPEN_DATA_KEYS, **APART})
refuse_shared({"PORTAL_HASH_KEY": HASH_KEYS, **APART})
if SECRET_KEY_FALLBACKS and SECRET_KEY in (OPEN_DATA_KEYS[-1], HASH_KEYS[-1]):
    raise ImproperlyConfigured(
        "PORTAL_SECRET_KEY를 바꾸려면 PORTAL_OPEN_DATA_KEY와 PORTAL_HASH_KEY를 먼저 정해 주세요. "
        "지금까지의 PORTAL_SECRET_KEY를 그대로 넣으면 공개 데이터의 이름이 바뀌지 않습니다."
    )

ORIGIN = env("PORTAL_ORIGIN").rstrip("/")
SECURE = ORIGIN.startswith("https://")
ALLOWED_HOSTS = env("PORTAL_HOSTS")
CSRF_TRUSTED_ORIGINS = [ORIGIN] if SECURE else []

INSTALLED_APPS = [
    "portal.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "auditlog",
    "axes",
    "csp",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "portal",
    "programs",
    "applications",
    "vouchers",
    "kamp",
]

MIDDLEWARE = [
    "portal.web.middleware.Numbered",
    "portal.web.middleware.Measured",
    "portal.web.middleware.IncidentRecorder",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.web.middleware.BrowserRules",
    # Before everything that asks the database; files and headers of the portal go on without it.
    "portal.web.overload.Overload",
    # Outside whatever sets a cookie.
    "portal.web.shared.SharedAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the CSRF check, which reads the whole body: visitors cannot upload large files.
    "portal.web.middleware.Authentication",
    "portal.web.middleware.SessionLimits",
    "portal.web.middleware.SignInFirst",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.web.reading.Written",
    "portal.web.middleware.OneAnswer",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.web.middleware.NotedChanges",
    "portal.web.middleware.ErrorResponses",
    "axes.middleware.AxesMiddleware",
    # Innermost: it calls the view.
    "portal.web.reading.ReadReplica",
]

SITE_NOTICE = ""  # a template shown on top of every page

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.site",
            ],
            "builtins": ["portal.templatetags.portal"],
        },
    },
]
FORM_RENDERER = "portal.forms.renderer.PortalFormRenderer"

SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;"
    ),
}
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    # A host that vanished is given up after these; the server's own limits do not end that wait.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "options": (
        "-c statement_timeout=30000 -c lock_timeout=5000 "
        "-c idle_in_transaction_session_timeout=60000"
    ),
}
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
POSTGRES = DATABASES["default"]["ENGINE"].endswith("postgresql")
if POSTGRES:
    DATABASES["default"]["ENGINE"] = "portal.postgresql"
# Options of the URL come on top, such as those of TLS.
DATABASES["default"]["OPTIONS"] = (POSTGRES_OPTIONS if POSTGRES else SQLITE_OPTIONS) | DATABASES[
    "default"
].get("OPTIONS", {})
POOLED = POSTGRES and env("PORTAL_POOLED")
if POOLED:
    # A pooler passes no start-up options on: the limits are settings of the role, see
    # deploy/postgres/roles.sh. Nor do a cursor of its own, and what SET says, outlive a transaction.
    del DATABASES["default"]["OPTIONS"]["options"]
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env("PORTAL_CONN_MAX_AGE")
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
READ_URL = env("PORTAL_READ_URL")
READ_LAG_SECONDS = env("PORTAL_READ_LAG_SECONDS")
if READ_URL:
    READ_URL = with_password(READ_URL, "DATABASE_PASSWORD")
    if not POSTGRES:
        raise ImproperlyConfigured("PORTAL_READ_URL은 PostgreSQL과 함께만 쓸 수 있습니다.")
    of_replica = env.db_url_config(READ_URL)
    DATABASES["replica"] = {
        **DATABASES["default"],
        **of_replica,
        "ENGINE": "portal.postgresql",
        "OPTIONS": DATABASES["default"]["OPTIONS"] | of_replica.get("OPTIONS", {}),
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["portal.postgresql.replica.Router"]
APP_ROLE = env("PORTAL_APP_ROLE")
IN_FLIGHT = env("PORTAL_IN_FLIGHT")
SHARED_CONNECTIONS = (
    POSTGRES  # one for each request that is worked on, see `portal.web.connections`
)
CACHES = {
    # API calls per minute, counted in the memory of each web process: a flood costs no query, see
    # `portal.api.throttling.VisitorLimit`.
    "limits": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "limits",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Pages that are the same for all strangers, see `portal.web.kept_pages`; some 60 KB each.
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "TIMEOUT": 3_600,
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
    # What staff look at of papers, made by `portal.uploads.viewing`; up to 8 MB each, most below 1 MB.
    "papers": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "papers",
        "OPTIONS": {"MAX_ENTRIES": 16},
    },
    # Used sign-in codes and failed attempts, shared by all processes without Redis.
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if EMBEDDED
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["portal.access.hashing.Argon2", "portal.access.hashing.PBKDF2"]
# Five times the memory that OWASP asks for at two passes (19 MiB), which is what guessing costs.
ARGON2 = {"time_cost": 2, "memory_kib": 100 * 1024, "parallelism": 8}
HASHES_AT_ONCE = 1  # in each process, each of 100 MiB
HASH_SECONDS = 10.0  # the longest wait for a turn; then the form is shown again
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "portal.access.own_words.OwnWordsValidator"},
]
if breached := env("PORTAL_BREACHED_PASSWORDS"):
    AUTH_PASSWORD_VALIDATORS.append(
        {
            "NAME": "portal.access.breached.BreachedPasswordValidator",
            "OPTIONS": {"path": breached},
        }
    )
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/applications/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.access.accounts.PortalAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "portal.access.accounts.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[스마트공장 포털] "
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# A whole company, or a district of mobile telephones, is one address on the last day: what stops guessing
# is counted per account (assumptions).
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "300/5m/ip,10/15m/key",
    "signup": "300/m/ip",
    "reset_password": "300/m/ip,5/m/key",
    "reset_password_from_key": "300/m/ip",
}
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds a reset link lives
MFA_TOTP_ISSUER = "스마트공장 포털"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "activate_totp": "portal.access.second_factor.ActivationForm",
    "authenticate": "portal.access.second_factor.SecondFactorForm",
    "reauthenticate": "portal.access.second_factor.SecondFactorAgainForm",
}
MFA_ADAPTER = "portal.access.second_factor.PortalMFAAdapter"

TRUSTED_PROXIES = env("PORTAL_PROXIES")
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.access.accounts.claimed_email"
AXES_CLIENT_IP_CALLABLE = "portal.access.accounts.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_ENABLE_ADMIN = False  # `portal.admin` has screens in words

MESSAGE_STORAGE = "portal.web.messages.Messages"
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.web.reports.Reports"
CSRF_FAILURE_VIEW = "portal.web.resending.csrf_failure"
SESSION_ENGINE = "portal.access.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds after a sign-in: the whole day of a deadline
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# A browser takes a cookie of this name only from this host itself, encrypted and for every path.
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if SECURE else "csrftoken"
MESSAGES_COOKIE_NAME = "__Host-messages" if SECURE else "messages"
KNOWN_COOKIE_NAME = (
    "__Host-portal_known" if SECURE else "portal_known"
)  # see portal.access.accounts
WRITTEN_COOKIE_NAME = "__Host-written" if SECURE else "written"  # see portal.web.reading
AUTHOR_COOKIE_NAME = "__Host-author" if SECURE else "author"  # see portal.web.resending
STAFF_IDLE_SECONDS = 30 * 60  # staff sign in again after this long without a request (assumption)
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report/",
    }
}

LANGUAGE_CODE = "ko"
FORMAT_MODULE_PATH = "portal.formats"
LANGUAGES = [("ko", "한국어")]
TIME_ZONE = "Asia/Seoul"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env("PORTAL_STATIC_DIR") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = EMBEDDED
try:
    BUCKET = address.read(env("PORTAL_FILES_URL"))
except ValueError as fault:
    raise ImproperlyConfigured(f"PORTAL_FILES_URL을 읽지 못했습니다. {fault}") from None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": address.storage(BUCKET, signed=env("PORTAL_FILES_SIGNED")),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "portal.web.static_files.HashedFiles"
    },
}
try:
    SCANNER = address.read_scanner(env("PORTAL_CLAMAV_URL"))
except ValueError as fault:
    raise ImproperlyConfigured(f"PORTAL_CLAMAV_URL을 읽지 못했습니다. {fault}") from None
# Who speaks to which registry of an agency (`portal.registries`); one that is not named is not asked.
NTS = {"address": env("PORTAL_NTS_URL"), "key": env("PORTAL_NTS_KEY")}
if NTS["address"] and not NTS["key"]:
    raise ImproperlyConfigured("PORTAL_NTS_URL에는 PORTAL_NTS_KEY가 필요합니다.")
REGISTRIES: dict[str, dict[str, str]] = {}
if NTS["address"]:
    REGISTRIES = {
        "business_status": {"adapter": "portal.registries.nts.BusinessStatus", **NTS},
        "business_identity": {"adapter": "portal.registries.nts.BusinessIdentity", **NTS},
    }
REGISTRIES |= further_registries(env("PORTAL_REGISTRIES"))
PRIVATE_ROOT = DATA_DIR / "private"
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
TABLE_MAX_BYTES = 120 * 1024 * 1024  # bytes of a catalogue's table, read by a job
API_MAX_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
PDF_SECONDS = 60
PDF_MEMORY_BYTES = 704 * 1024**2  # address space for one document: about 600 MB resident

EMAIL_CONFIG = env.email_url_config(with_password(env("EMAIL_URL"), "EMAIL_PASSWORD"))
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "localhost")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = EMAIL_CONFIG.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("PORTAL_FROM_EMAIL")

# Of the environment Celery would read CELERY_BROKER_URL itself, without the password.
CELERY_BROKER_URL = CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True  # a worker takes no further messages while it is busy
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 540  # seconds
CELERY_TASK_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = TIME_ZONE
if not EMBEDDED:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        # Redis keeps no message that a worker has taken: the sweep finds the rows of lost ones. With kept
        # ones a worker that loses Redis during a job ends (kombu 5.7).
        "ack_emulation": False,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "socket_keepalive": True,
        # A web process gives up at once when the broker is unreachable: the row is written already.
        "connect_retries_timeout": 0.1,
        "interval_start": 0.1,
    }
if BROKER_URL.startswith("sentinel"):
    # Whichever Redis the sentinels name as the first; they have its password for their own.
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "master_name": env("PORTAL_BROKER_MASTER"),
        "sentinel_kwargs": {
            "password": unquote(urlsplit(BROKER_URL.split(";")[0]).password or ""),
            "socket_connect_timeout": 1,
            "socket_timeout": 5,
        },
    }
# Kinds of job that keep a core busy for minutes, and the queue of the workers that run only them.
HEAVY_QUEUE = "heavy"
HEAVY_JOBS = ["kamp.extract", "kamp.synthesise", "kamp.train", "kamp.recalibrate", "kamp.judge"]
# What the staff site calls the kinds of job; `tests/test_staff_labels.py` holds it complete.
JOB_NAMES = {
    "applications.ask_registries": "기관 자료 조회",
    "applications.check_registries": "기관 재조회",
    "applications.committee": "평가위원 배정안",
    "applications.conflicts": "평가위원 이해관계 확인",
    "applications.decide": "선정안 승인",
    "applications.opinion_notices": "평가의견 공개 알림",
    "applications.opinions": "평가의견 모으기",
    "applications.paper": "신청 문서 만들기",
    "applications.partners_filed": "참여기관에 제출 알리기",
    "applications.release": "선정 결과 발표",
    "applications.set_act": "일괄 처리",
    "applications.round_report": "회차 보고서",
    "applications.score": "점수 산정",
    "applications.select": "선정안 만들기",
    "kamp.drift": "촬영 조건 점검",
    "kamp.extract": "영상에서 장면 꺼내기",
    "kamp.judge": "제품 판정",
    "kamp.recalibrate": "판정 기준 다시 맞추기",
    "kamp.report": "검사 보고서",
    "kamp.showcase_paper": "사례 PDF",
    "kamp.synthesise": "합성 자료 만들기",
    "kamp.train": "모델 학습",
    "portal.digest": "하루 알림 모으기",
    "portal.todos": "기한 안내 메일",
    "portal.todos_soon": "마감 직전 안내 메일",
    "portal.scan": "올린 파일 검사",
    "portal.verify_audit": "감사 사슬 검증",
    "vouchers.assign": "모니터링단 배정",
    "vouchers.certificate": "활동 증명서",
    "vouchers.import": "공급기업·서비스 일괄 등록 확인",
    "vouchers.import_apply": "공급기업·서비스 일괄 등록",
    "vouchers.recheck": "모니터링단 이해관계 확인",
    "vouchers.report_book": "보고서집",
    "vouchers.screen_report": "보고서 사전 점검",
}
CELERY_BEAT_SCHEDULE = {
    "work": {"task": "portal.jobs.tasks.sweep_jobs", "schedule": 15, "kwargs": {"heavy": False}},
    "heavy": {
        "task": "portal.jobs.tasks.sweep_jobs",
        "schedule": 15,
        "kwargs": {"heavy": True},
        "options": {"queue": HEAVY_QUEUE},
    },
    "mail": {"task": "portal.notices.tasks.send_notices", "schedule": 15},
    "due": {"task": "applications.tasks.sweep_due_dates", "schedule": 60},
    "registries": {"task": "applications.tasks.sweep_registries", "schedule": 600},
    "panel": {"task": "vouchers.tasks.sweep_panel", "schedule": 60},
    "kamp": {"task": "kamp.tasks.sweep", "schedule": 600},
    "accounts": {"task": "portal.access.tasks.end_accounts", "schedule": 10 * 60},
    "digest": {"task": "portal.staff.tasks.schedule_digest", "schedule": 600},
    "todos": {"task": "portal.todos.tasks.schedule_todos", "schedule": 300},
    "answers": {"task": "portal.api.tasks.forget_answers", "schedule": 60 * 60},
    "seal": {"task": "portal.records.tasks.seal_audit", "schedule": 60},
    "scans": {"task": "portal.records.tasks.sweep_scans", "schedule": 60},
    "verify": {"task": "portal.records.tasks.verify_audit", "schedule": 24 * 60 * 60},
}

# The restore drill goes to the worker of the host that keeps the backups.
BACKUP_CONFIG = env("PORTAL_BACKUP_CONFIG")
if BACKUP_CONFIG:
    CELERY_BEAT_SCHEDULE["drill"] = {
        "task": "portal.recovery.tasks.restore_drill",
        "schedule": crontab(hour=3, minute=10),
        "options": {"queue": "drill", "expires": 12 * 60 * 60},
    }

# Roles that people can hold; `prepare` makes a group of each.
ROLES = [
    "portal.access.roles.ROLES",
    "programs.roles.ROLES",
    "applications.roles.ROLES",
    "vouchers.roles.ROLES",
    "kamp.roles.ROLES",
]

# What becomes of the rest when an account ends, as `portal.access.endings` asks each app.
LEAVING = ["applications.services.assessment.leaving.tell_officers"]
# What waits for whom: `portal.staff.worklists`.
WORKLISTS = [
    "portal.worklists.WORKLISTS",
    "programs.worklists.WORKLISTS",
    "applications.worklists.WORKLISTS",
    "vouchers.worklists.WORKLISTS",
    "kamp.worklists.WORKLISTS",
]
# What waits for people outside the ministry: `portal.todos`.
TODOS = ["applications.todos.TODOS", "vouchers.todos.TODOS"]
# Mails to staff and assessors, and which of them are urgent: `portal.notices.staff`.
STAFF_NOTICES = ["applications.services.application.STAFF_NOTICES"]
SHORTCUTS = ["applications.worklists.SHORTCUTS"]

# What rows are about, and where people belong: `portal.access.impartiality`.
CONCERNS = [
    "portal.models.concerns.CONCERNS",
    "applications.models.concerns.CONCERNS",
    "vouchers.models.concerns.CONCERNS",
    "kamp.models.concerns.CONCERNS",
]
# Why an account may not be locked, by app: `portal.access.accounts.lock_refusals`.
LOCK_REFUSALS = [
    "applications.services.company.lock_refusal",
    "kamp.services.workspaces.lock_refusal",
]
# Who hands over what a person is responsible for, by app: `portal.access.handing_over`.
HAND_OVERS = ["applications.services.officers.charge.HAND_OVER"]
# Rules of a sub-programme that cases under way hold fixed, and whom a change of them concerns:
# `programs.queries.rule_changes`.
RULE_LOCKS = ["applications.queries.rule_changes.locks"]
RULE_CONCERNS = ["applications.queries.rule_changes.concerned"]
# What apps add to the public page of decisions.
DECISIONS = ["applications.queries.rule_changes.late_leave"]
BELONGINGS = [
    "applications.models.concerns.BELONGINGS",
    "vouchers.models.concerns.BELONGINGS",
    "kamp.models.concerns.BELONGINGS",
]

# Tables whose final rows are sealed, and checks of what follows from them: `portal.records.audit`.
AUDITED = [
    "portal.records.audited.AUDITED",
    "programs.models.audit.AUDITED",
    "applications.models.audit.AUDITED",
    "vouchers.models.audit.AUDITED",
]
AUDIT_CHECKS = [
    "programs.queries.audit.counters",
    "applications.queries.audit.states",
    "vouchers.queries.audit.states",
]

# Filters on the public ledger (queryset to queryset): what an app has not announced stays out.
LEDGER_HELD_BACK = ["applications.visibility.disclosed"]

# What a failed request was about, and the scope under which it is counted.
INCIDENTS = {
    "subject": "applications.queries.incidents.about",
    "scopes": "applications.queries.incidents.scopes",
    "slow_seconds": env("PORTAL_SLOW_SECONDS"),
    "deliver_seconds": env("PORTAL_INCIDENT_SECONDS"),
}
if not 0 < INCIDENTS["deliver_seconds"] <= 60:
    raise ImproperlyConfigured("PORTAL_INCIDENT_SECONDS는 0보다 크고 60 이하여야 합니다.")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.permissions.DeclaredAccess"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.PlainJSON"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.pagination.Page",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.Contract",
    "DEFAULT_THROTTLE_CLASSES": [
        "portal.api.throttling.VisitorLimit",
        "portal.api.throttling.MemberLimit",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "600/min", "user": "1200/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "portal.api.errors.error_response",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "스마트공장 보급확산 지원사업 API",
    "DESCRIPTION": "금액은 모두 원(정수), 시각은 ISO 8601(KST), 알 수 없는 값은 null입니다.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": ORIGIN}],
    "TAGS": [
        {"name": "사업", "description": "누구나 읽고 계산해 볼 수 있습니다."},
        {"name": "신청", "description": "내가 일하는 기업의 신청을 쓰고 제출합니다."},
        {"name": "KAMP", "description": "제조 인공지능 사례를 누구나 읽습니다."},
        {"name": "접수증", "description": "접수증이 진짜인지 누구나 확인합니다."},
        {
            "name": "공개 데이터",
            "description": "원장, 점수, 순위, 선정선을 받아 처음부터 다시 계산할 수 있습니다.",
        },
        {"name": "바우처", "description": "비대면 서비스와 소비자 보고서, 시정을 누구나 읽습니다."},
    ],
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "applications.api.application.shapes.STATE_CODES",
        "ServiceStateEnum": "vouchers.api.catalogue.SHOWN_STATES",
        "CorrectionStateEnum": "vouchers.api.corrections.STATES",
    },
    "SORT_OPERATIONS": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
}

# Metrics for Prometheus; the processes of a service share their counts in this folder.
METRICS_PORT = env("PORTAL_METRICS_PORT")
METRICS_DIR = f"{tempfile.gettempdir()}/portal-metrics-{METRICS_PORT}"
# What the database tells about itself and the portal's work: `portal.monitoring.figures`.
FIGURES = [
    "portal.monitoring.figures.work",
    "portal.monitoring.figures.mails",
    "portal.monitoring.figures.evidence",
    "portal.monitoring.figures.drills",
    "portal.monitoring.figures.connections",
    "programs.queries.ledger.figures",
    "programs.queries.rounds.figures",
]

# Traces and errors for servers of the operators: `portal.monitoring`. None unless set.
OTLP_URL = env("PORTAL_OTLP_URL").rstrip("/")
SENTRY_DSN = env("PORTAL_SENTRY_DSN")

LOG_FORMAT = env("PORTAL_LOG_FORMAT")
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured("PORTAL_LOG_FORMAT는 line 또는 json이어야 합니다.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"followed": {"()": "portal.core.logs.Followed"}},
    "formatters": {
        "line": {
            "()": "portal.core.logs.Lines",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "portal.core.logs.Json"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["followed"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env("PORTAL_LOG_LEVEL")},
    "loggers": {
        "portal": {"level": "INFO"},
        # A line for every request: for a collector, not for a terminal.
        "portal.requests": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
        "portal.work": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
    },
}
