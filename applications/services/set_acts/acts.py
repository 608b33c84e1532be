"""Which acts can be done on many applications, who may, and how each is done and taken back."""

from collections.abc import Mapping

from applications.services.set_acts import agreements, officers, screening
from applications.services.set_acts.batches import SetActSpec
from applications.states import AgreementState, ApplicationMoves, ApplicationState, SetActKind
from programs.roles import MANAGER, OFFICER

A, K, S = AgreementState, SetActKind, ApplicationState
STAFF = (OFFICER, MANAGER)
FILED = tuple(state for state in S if state not in {S.DRAFT, S.WITHDRAWN})

ACTS: Mapping[SetActKind, SetActSpec] = {
    K.TAKE_UP: SetActSpec(
        STAFF,
        ApplicationMoves.TAKE_UP.source,
        screening.take_up,
        move=ApplicationMoves.TAKE_UP,
        undo=screening.untake,
        undo_move=ApplicationMoves.PUT_BACK,
    ),
    K.CONFIRM: SetActSpec(
        STAFF,
        ApplicationMoves.CHECK.source,
        screening.confirm,
        move=ApplicationMoves.CHECK,
        undo=screening.unconfirm,
        undo_move=ApplicationMoves.CHECK,
    ),
    K.QUALIFY: SetActSpec(
        STAFF,
        ApplicationMoves.QUALIFY.source,
        screening.qualify,
        move=ApplicationMoves.QUALIFY,
        undo=screening.unqualify,
        undo_move=ApplicationMoves.REOPEN,
    ),
    K.ASK: SetActSpec(
        STAFF,
        ApplicationMoves.ASK.source,
        screening.ask,
        move=ApplicationMoves.ASK,
        chunk=500,
        check=screening.check_request,
    ),
    K.REMIND: SetActSpec(
        STAFF,
        ApplicationMoves.REMIND.source,
        screening.remind,
        move=ApplicationMoves.REMIND,
        chunk=500,
    ),
    K.HAND_OVER: SetActSpec(
        STAFF,
        FILED,
        officers.hand_over,
        undo=officers.hand_back,
        check=officers.check_officer,
        own_locks=True,
    ),
    K.CONCLUDE: SetActSpec(
        (MANAGER,),
        (A.PREPARING,),
        agreements.conclude,
        chunk=agreements.CHUNK,
        check=agreements.check_signature,
        freeze=agreements.texts_of,
        of_agreements=True,
        own_locks=True,
    ),
    K.REQUEST_PAY: SetActSpec(
        (OFFICER,),
        (A.ACTIVE, A.SETTLED),
        agreements.request_pay,
        chunk=agreements.CHUNK,
        freeze=agreements.payable_of,
        of_agreements=True,
        own_locks=True,
    ),
    K.PAY: SetActSpec(
        (MANAGER,),
        (A.ACTIVE, A.SETTLED),
        agreements.pay,
        chunk=agreements.CHUNK,
        freeze=agreements.requested_of,
        of_agreements=True,
        own_locks=True,
    ),
    K.CLOSE: SetActSpec(
        (MANAGER,),
        (A.SETTLED,),
        agreements.close,
        chunk=agreements.CHUNK,
        of_agreements=True,
        own_locks=True,
    ),
}
