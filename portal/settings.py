"""The settings of every deployment; environment variables decide what differs."""

import tomllib
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.environment import BASE_DIR, env

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

DEBUG = env("PORTAL_DEBUG")
DATA_DIR = Path(env("PORTAL_DATA_DIR"))
DATABASE_URL = env("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'portal.sqlite3'}"
BROKER_URL = env("CELERY_BROKER_URL")
EMBEDDED = BROKER_URL.startswith("memory")

SECRET_DEFAULTS = {"", "change-me", "changeme", "secret", "insecure-debug-key"}
SECRET_KEY = env("PORTAL_SECRET_KEY") or ("insecure-debug-key" if DEBUG else "")
if not DEBUG and (SECRET_KEY in SECRET_DEFAULTS or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured(
        "PORTAL_SECRET_KEY를 50자 이상의 임의 문자열로 정해 주세요. 기본값으로는 시작하지 않습니다."
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
    "portal.web.middleware.IncidentRecorder",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the CSRF check, which reads the whole body: visitors cannot upload large files.
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "portal.web.middleware.PrivatePages",
    "portal.web.middleware.ErrorResponses",
    "axes.middleware.AxesMiddleware",
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
    "options": (
        "-c statement_timeout=30000 -c lock_timeout=5000 "
        "-c idle_in_transaction_session_timeout=60000"
    ),
}
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
POSTGRES = DATABASES["default"]["ENGINE"].endswith("postgresql")
DATABASES["default"]["OPTIONS"] = POSTGRES_OPTIONS if POSTGRES else SQLITE_OPTIONS
DATABASES["default"]["CONN_MAX_AGE"] = env("PORTAL_CONN_MAX_AGE")
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
CACHES = {
    # API calls per minute, counted in the memory of each web process: a flood costs no query, see
    # `portal.api.throttling.VisitorLimit`.
    "limits": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "limits",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
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
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
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
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_RATE_LIMITS = {"login_failed": "20/5m/ip,10/15m/key"}
MFA_TOTP_ISSUER = "스마트공장 포털"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "portal.access.accounts.SecondFactorForm",
    "reauthenticate": "portal.access.accounts.SecondFactorAgainForm",
}

TRUSTED_PROXIES = env("PORTAL_PROXIES")
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.access.accounts.claimed_email"
AXES_CLIENT_IP_CALLABLE = "portal.access.accounts.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = False

SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds: the whole day of a deadline
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
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
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "ko"
FORMAT_MODULE_PATH = "portal.formats"
LANGUAGES = [("ko", "한국어")]
TIME_ZONE = "Asia/Seoul"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = EMBEDDED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
PRIVATE_ROOT = DATA_DIR / "private"
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
TABLE_MAX_BYTES = 120 * 1024 * 1024  # bytes of a catalogue's table, read by a job
API_MAX_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
PDF_SECONDS = 60
PDF_MEMORY_BYTES = 704 * 1024**2  # address space for one document: about 600 MB resident

EMAIL_CONFIG = env.email_url_config(env("EMAIL_URL"))
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

CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 540  # seconds
CELERY_TASK_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = TIME_ZONE
if not EMBEDDED:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "socket_keepalive": True,
        # A web process gives up at once when the broker is unreachable: the row is written already.
        "connect_retries_timeout": 0.1,
        "interval_start": 0.1,
    }
CELERY_BEAT_SCHEDULE = {
    "work": {"task": "portal.jobs.tasks.sweep_jobs", "schedule": 15},
    "mail": {"task": "portal.notices.tasks.send_notices", "schedule": 15},
    "due": {"task": "applications.tasks.sweep_due_dates", "schedule": 60},
    "panel": {"task": "vouchers.tasks.sweep_panel", "schedule": 60},
    "incidents": {"task": "portal.records.tasks.collect_incidents", "schedule": 60},
    "kamp": {"task": "kamp.tasks.sweep", "schedule": 600},
    "answers": {"task": "portal.api.tasks.forget_answers", "schedule": 60 * 60},
    "seal": {"task": "portal.records.tasks.seal_audit", "schedule": 60},
    "verify": {"task": "portal.records.tasks.verify_audit", "schedule": 24 * 60 * 60},
}

# Roles that people can hold; `prepare` makes a group of each.
ROLES = [
    "portal.access.roles.ROLES",
    "programs.roles.ROLES",
    "applications.roles.ROLES",
    "vouchers.roles.ROLES",
    "kamp.roles.ROLES",
]

# Tables whose final rows are sealed, and checks of what follows from them: `portal.records.audit`.
AUDITED = [
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
}

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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("PORTAL_LOG_LEVEL")},
    "loggers": {"portal": {"level": "INFO"}},
}
