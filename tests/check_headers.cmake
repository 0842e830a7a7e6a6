# Each header compiles alone: it includes what its own declarations need.
file(GLOB_RECURSE headers RELATIVE ${ROOT}
    ${ROOT}/protocol/*.h ${ROOT}/store/*.h ${ROOT}/agent/*.h)
foreach(header IN LISTS headers)
    execute_process(
        COMMAND ${CC} -std=c11 -D_GNU_SOURCE -fsyntax-only -I${ROOT} -x c ${ROOT}/${header}
        RESULT_VARIABLE failed ERROR_VARIABLE text)
    if(failed)
        message(SEND_ERROR "${header} does not stand alone:\n${text}")
    endif()
endforeach()
